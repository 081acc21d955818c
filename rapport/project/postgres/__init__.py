"""Django's PostgreSQL backend, which also tells the server the workspace in force (see base.py)."""
