"""The command line: the same types and actions for terminals and scripts."""
