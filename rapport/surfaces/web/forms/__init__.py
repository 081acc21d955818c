"""Web forms as visitors see them, and the page that chooses their questions."""
