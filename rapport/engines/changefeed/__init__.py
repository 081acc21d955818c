"""The change log as programs follow it: from a number on, in order, through the gate of whoever reads."""
