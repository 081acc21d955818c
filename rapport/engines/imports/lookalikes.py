"""New rows that look like somebody who is here already: said before anything is written, decided by people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rapport.kernel.access import gate
from rapport.kernel.context import Context
from rapport.kernel.records.registry import TypeInfo
from rapport.kernel.text_folding import fold


def look_known(ctx: Context, info: TypeInfo, rows: Sequence[Mapping[str, object]]) -> set[int]:
    """Positions of rows whose title a visible record has already. The check of a file asks here, once per batch of new
    rows; whatever recognises doubles better is joined here."""
    titles = {at: fold(value)[:200] for at, row in enumerate(rows) if isinstance(value := row.get(info.declared.title), str)}
    if not titles or not info.declared.search:
        return set()
    there = set(gate.visible(ctx, info).filter(title_key__in=set(titles.values())).values_list("title_key", flat=True))
    return {at for at, title in titles.items() if title in there}
