"""The kinds of file a list can be written as."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from rapport.engines.exports import as_csv, as_jsonl, as_vcard, as_xlsx
from rapport.engines.exports.cards import card_fields, has_card
from rapport.engines.exports.sheet import Sheet
from rapport.kernel.context import Context
from rapport.kernel.query.read import Row
from rapport.kernel.records.registry import TypeInfo

_WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


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


_ALL = (
    FileFormat("csv", _("CSV"), "text/csv; charset=utf-8", as_csv.write),
    FileFormat("xlsx", _("Excel (XLSX)"), _WORKBOOK, as_xlsx.write),
    FileFormat("jsonl", _("JSON lines"), "application/jsonl; charset=utf-8", as_jsonl.write),
    FileFormat("vcf", _("vCard"), "text/vcard; charset=utf-8", as_vcard.write, has_card, card_fields),
)
FORMATS: dict[str, FileFormat] = {one.key: one for one in _ALL}


def formats_for(info: TypeInfo) -> list[FileFormat]:
    """The formats a list of this type is offered in."""
    return [one for one in FORMATS.values() if one.fits(info)]
