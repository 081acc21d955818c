"""What a new workspace starts with in sales: one pipeline with its stages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _t

from rapport.kernel.access.setup import workspace_seed

if TYPE_CHECKING:
    from rapport.kernel.context import Context

#: name, outcome, probability, quiet after days
_STAGES = [
    ("New", "open", 10, 7), ("Meeting", "open", 25, 10), ("Offer sent", "open", 60, 14), ("Agreeing terms", "open", 80, 14),
    ("Won", "won", 100, 365), ("Lost", "lost", 0, 365),
]  # fmt: skip


@workspace_seed
def first_pipeline(ctx: Context) -> None:
    """The pipeline "Sales" from New to Won and Lost."""
    pipeline = ctx.create("pipeline", name=_t("Sales"), position=10)
    for position, (name, outcome, probability, quiet) in enumerate(_STAGES, start=1):
        ctx.create(
            "stage", pipeline=pipeline.pk, name=name, position=position * 10, outcome=outcome, probability=probability,
            quiet_days=quiet,
        )  # fmt: skip
