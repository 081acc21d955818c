"""Ratings: the mail that asks, the page behind its links, and the figures."""
