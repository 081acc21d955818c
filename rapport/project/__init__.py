"""The project: settings, addresses and start-up. The only place that knows every app."""
