"""One file for each command of Django's that is done otherwise here."""
