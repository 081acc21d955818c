"""The burglar at night: what strangers, colleagues and hostile input get through HTTP, generated from registry and URLs."""
