"""The kinds of file a list can be written as, and what each of them is handed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from rapport.kernel.context import Context
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
        if value is None:
            return False
        return (
            (not field.to
            and field.kind.key != "anyref")
            or all(ref in self.ctx.format.titles for ref in field.kind.references(value))
        )


@dataclass(frozen=True)
class FileFormat:
    """One kind of file."""

    key: str
    label: object
    content_type: str
    write: Callable[[Sheet, Iterator[list[Row]]], Iterator[bytes]]
    #: Can records of this type be written so?
    fits: Callable[[TypeInfo], bool] = lambda info: True
    #: The fields it needs, whatever columns were asked for; None takes the columns.
    columns: Callable[[Context, TypeInfo], Sequence[str]] | None = None


FORMATS: dict[str, FileFormat] = {}


def _offer(one: FileFormat) -> None:
    FORMATS[one.key] = one


def _fill() -> None:
    from rapport.engines.exports import as_csv, as_jsonl, as_vcard, as_xlsx
    from rapport.engines.exports.cards import card_fields, has_card

    sheets = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    _offer(FileFormat("csv", _("CSV"), "text/csv; charset=utf-8", as_csv.write))
    _offer(FileFormat("xlsx", _("Excel (XLSX)"), sheets, as_xlsx.write))
    _offer(FileFormat("jsonl", _("JSON lines"), "application/jsonl; charset=utf-8", as_jsonl.write))
    _offer(FileFormat("vcf", _("vCard"), "text/vcard; charset=utf-8", as_vcard.write, has_card, card_fields))


_fill()


def formats_for(info: TypeInfo) -> list[FileFormat]:
    """The formats a list of this type is offered in."""
    return [one for one in FORMATS.values() if one.fits(info)]
