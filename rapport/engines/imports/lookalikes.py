"""New rows that look like somebody who is here already: said before anything is written, decided by people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rapport.engines.duplicates.finding import find_for
from rapport.kernel.context import Context
from rapport.kernel.records.registry import TypeInfo


def look_known(ctx: Context, info: TypeInfo, rows: Sequence[Mapping[str, object]]) -> set[int]:
    """Positions of rows that a record the viewer may see resembles, by the same evidence as everywhere (name, e-mail, phone
    …). The check of a file asks here, once per batch of new rows."""
    if not info.declared.search:
        return set()
    return {at for at, found in enumerate(find_for(ctx, info, rows, most=1)) if found}
