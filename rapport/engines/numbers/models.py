"""The last number given in each series of a workspace."""

from __future__ import annotations

from django.db import models


class Series(models.Model):
    """One series: whose row is changed with every number, so that two transactions cannot take the same one."""

    id = models.BigAutoField(primary_key=True)
    workspace = models.ForeignKey("kernel.Workspace", models.CASCADE, related_name="+", db_index=False)
    key = models.CharField(max_length=40)
    last = models.PositiveBigIntegerField(default=0)

    class Meta:
        app_label = "numbers"
        constraints = [models.UniqueConstraint(fields=["workspace", "key"], name="series_once")]
