"""Tests of follow-up rules."""
