"""What a kind of file is handed: the fields, for whom, and how the header names them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rapport.kernel.context import Context
from rapport.kernel.kinds.base import Kind
from rapport.kernel.query.read import Row, load_titles
from rapport.kernel.records.field import Field
from rapport.kernel.records.registry import TypeInfo

#: Titles of referenced records kept between pages; beyond this they are read again.
_MOST_TITLES = 50_000


@dataclass(frozen=True)
class Sheet:
    """What is written: the fields, for whom, and how the header names them."""

    ctx: Context
    info: TypeInfo
    fields: Sequence[Field]
    labels: bool = False
    mark: bool = False

    def header(self) -> list[str]:
        """The id, then keys, or labels where no two are alike."""
        names = [str(f.label) for f in self.fields]
        if not self.labels:
            return ["id", *(f.key for f in self.fields)]
        return ["id", *(name if names.count(name) == 1 else f.key for name, f in zip(names, self.fields, strict=True))]

    def prepare(self, rows: Sequence[Row]) -> None:
        """Load the titles of what the rows refer to."""
        if len(self.ctx.format.titles) > _MOST_TITLES:
            self.ctx.format.titles.clear()
        load_titles(self.ctx, rows, self.fields)

    def is_told(self, field: Field, value: object) -> bool:
        """Is there something to write? A reference to a record the viewer may not see is left empty."""
        if type(field.kind).references is Kind.references:
            return value is not None
        return value is not None and all(ref in self.ctx.format.titles for ref in field.kind.references(value))
