"""What the columns of a record hold after an erasure: nothing, a hash, or the same without the person's name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from hashlib import sha256

from django.db import models

from rapport.engines.privacy.stored_files import file_path
from rapport.kernel.records.model import Record
from rapport.kernel.records.registry import TypeInfo

#: Columns of every record that say nothing about a person.
_BOOKKEEPING = {
    "id", "workspace", "version", "created_at", "updated_at", "deleted_at", "title_key", "owner", "team", "created_by",
}  # fmt: skip


def blanked(
    info: TypeInfo, *, title: str = "", everything: bool = False, keeps: Sequence[str] = ()
) -> dict[str, object]:
    """Empty values for every column with words in it; with `everything` for dates, numbers and links too.

    The title becomes `title`. Choices stay: they are the company's words, not the person's.
    """
    found: dict[str, object] = {}
    beside = _beside(info, everything=everything, keeps=keeps)
    for column in info.model._meta.concrete_fields:
        name = column.name
        if name in _BOOKKEEPING or name in keeps or name in beside or _is_link(column, everything=everything):
            continue
        if not (everything or _has_words(column)) or _is_choice(info, column):
            continue
        found[name] = _empty(column)
    if info.declared.title in found and isinstance(info.model._meta.get_field(info.declared.title), models.CharField):
        found[info.declared.title] = title
    return found


def hashed(info: TypeInfo, record: Record, names: Sequence[str]) -> dict[str, object]:
    """Empty values, but for the named fields, which become the SHA-256 of what they held: whoever has the text can
    still show that it was the one. A file's hash goes into the text that follows it in the list."""
    found = blanked(info)
    marks: list[str] = []
    for name in names:
        value = getattr(record, name)
        if isinstance(value, dict):
            path = file_path(str(value.get("key", "")))
            if path is not None and path.is_file():
                marks.append(f"file sha256:{sha256(path.read_bytes()).hexdigest()}")
            found[name] = None
        elif value:
            text = str(value)
            done = text if text.startswith(("sha256:", "file sha256:")) else f"sha256:{sha256(text.encode()).hexdigest()}"
            found[name] = "\n".join([*marks, done])
            marks = []
        elif marks:
            found[name], marks = "\n".join(marks), []
    return found


def without_names(info: TypeInfo, record: Record, words: Iterable[str], name: str) -> dict[str, object]:
    """For a record that a law keeps: its title without the person's name; every other text is emptied."""
    found = blanked(info)
    text = str(getattr(record, info.declared.title) or "")
    for word in words:
        text = re.sub(re.escape(word), name, text, flags=re.IGNORECASE)
    longest = getattr(info.model._meta.get_field(info.declared.title), "max_length", None)
    found[info.declared.title] = text[:longest]
    return found


def _beside(info: TypeInfo, *, everything: bool, keeps: Sequence[str]) -> set[str]:
    """Columns that belong to a field which stays: the currency of an amount, the type of a link."""
    found: set[str] = set()
    for column in info.model._meta.concrete_fields:
        beside = getattr(column, "companions", lambda: ())()
        stays = column.name in keeps or _is_link(column, everything=everything) or not (everything or _has_words(column))
        if beside and stays:
            found |= set(beside)
    return found


def _is_link(column: models.Field, *, everything: bool) -> bool:
    """Whether it refers to a record. Of the person's own links (a parent company) nothing need stay."""
    if column.is_relation:
        return not (everything and column.null)
    return bool(getattr(column, "companions", None)) and isinstance(column, models.UUIDField)


def _has_words(column: models.Field) -> bool:
    return isinstance(column, (models.CharField, models.TextField, models.JSONField))


def _is_choice(info: TypeInfo, column: models.Field) -> bool:
    field = info.fields.get(column.name)
    return bool(getattr(column, "choices", None)) or (field is not None and field.kind.key in ("choice", "multichoice"))


def _empty(column: models.Field) -> object:
    if column.null:
        return None
    if column.has_default():
        return column.get_default()
    if isinstance(column, (models.CharField, models.TextField)):
        return ""
    return {} if isinstance(column, models.JSONField) else 0


