"""Django's commands where Rapport does them otherwise."""
