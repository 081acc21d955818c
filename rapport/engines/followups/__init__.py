"""Follow-up rules: so long after a moment of a record, put a task down for somebody. Read `finding.py`, then `making.py`."""
