"""How the outside reaches the registry: pages, API, command line. No business words inside."""
