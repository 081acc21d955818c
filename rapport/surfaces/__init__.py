"""How the outside reaches the registry; no business words inside."""
