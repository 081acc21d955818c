"""How fast Rapport is: pages, API and imports through the real surfaces, on both databases. Run `python -m benchmarks`."""
