"""The timeline engine: all of a record's story in one order."""
