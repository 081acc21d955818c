"""Writing records out: any type, any filter, as CSV or JSON lines, a page at a time and through the gate."""
