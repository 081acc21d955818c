"""The sample engine: a believable company to try Rapport on, made through the write door, and its removal."""
