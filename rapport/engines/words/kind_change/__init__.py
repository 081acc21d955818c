"""Changing the kind of an own field without losing what was typed.

The new values are made beside the old ones, in a place (slot) of their own in each record, while everybody goes on working
with the old ones; then one write of the definition lets the field read there. So a killed process, a stop or a refusal leaves
everything as it was, and taking it back finds the old values where they stood (docs/decisions/0026-change-of-kind.md).
"""
