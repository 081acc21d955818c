"""Uploaded files: kept under random keys in the data folder, known by a row, handed out through a record only."""
