"""Pages on which visitors book a meeting with somebody: when there is room, and who books it."""
