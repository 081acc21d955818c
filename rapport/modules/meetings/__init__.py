"""Meetings with customers: invitations and their answers, and what is booked by visitors."""
