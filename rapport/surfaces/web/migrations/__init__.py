"""Generated migrations of the web surface."""
