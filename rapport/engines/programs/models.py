"""The answers kept for requests that carried an Idempotency-Key."""

from __future__ import annotations

from django.db import models


class KeptAnswer(models.Model):
    """What one token was answered to one request. While the request runs, there is a row without an answer."""

    id = models.BigAutoField(primary_key=True)
    workspace = models.ForeignKey("kernel.Workspace", models.CASCADE, related_name="+", db_index=False)
    token_id = models.UUIDField()
    key = models.CharField(max_length=200)
    #: SHA-256 of method, address, conditions and body: the same key for another request is a mistake of the program.
    request_hash = models.CharField(max_length=64)
    #: When the request that holds the row began; whoever takes an abandoned row over puts another time here.
    started_at = models.DateTimeField()
    #: 0 while the request runs.
    status = models.PositiveSmallIntegerField(default=0)
    headers = models.JSONField(default=dict)
    body = models.TextField(blank=True)

    class Meta:
        app_label = "programs"
        constraints = [models.UniqueConstraint(fields=["workspace", "token_id", "key"], name="keptanswer_once")]
        indexes = [models.Index(fields=["workspace", "started_at"], name="keptanswer_started_ix")]
