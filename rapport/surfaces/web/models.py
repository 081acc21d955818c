"""The one table of the web surface: failed tries to sign in."""

from __future__ import annotations

from django.db import models


class SignInTries(models.Model):
    """Failures under one hashed name (an account from an address, an account, an address)."""

    name = models.CharField(max_length=64, primary_key=True)
    tries = models.PositiveIntegerField(default=0)
    last_at = models.DateTimeField(db_index=True)

    class Meta:
        app_label = "web"
