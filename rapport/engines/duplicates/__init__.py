"""The duplicates engine: finds records that are one and the same, makes one of two, and takes that back."""
