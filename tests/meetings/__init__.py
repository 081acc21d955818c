"""Meetings with customers: invitations, answers, and what visitors book."""
