"""Saved views of lists and boards: who may use them, and what each person chose among them."""
