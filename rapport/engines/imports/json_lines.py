"""JSON: one object per line (what `rapport export --format jsonl` writes), or one list of objects."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import orjson
from django.utils.translation import gettext as _

from rapport.engines.imports.table import MOST_COLUMNS, Counting, JsonText, Line, Reading, Table, column_names, fingerprint
from rapport.kernel.errors import Invalid

#: One list in one piece must fit into memory; lines need not.
MOST_IN_ONE = 50 << 20
_LONGEST_LINE = 10_000_000
#: Keys that an export writes and nobody may set.
_OWN = ("version",)


@dataclass
class JsonTable(Table):
    """Objects as rows; the columns are the keys of all of them, in the order in which they first come."""

    is_list: bool = False

    @classmethod
    def opened(cls, path: Path, reading: Reading) -> JsonTable:
        """Walk the file once for its keys and its fingerprint."""
        digest, size = fingerprint(path)
        table = cls(path, size=size, digest=digest, kind="jsonl", is_typed=True)
        with path.open("rb") as file:
            start = file.read(4096).removeprefix(b"\xef\xbb\xbf").lstrip()
        table.is_list = start.startswith(b"[")
        if table.is_list and size > MOST_IN_ONE:
            raise Invalid(
                _("%(path)s is one list of more than %(most)d MB; write one object per line (JSON lines) instead.")
                % {"path": path.name, "most": MOST_IN_ONE >> 20}
            )
        keys: dict[str, None] = {}
        for _number, item in table._items():
            if isinstance(item, dict):
                keys.update(dict.fromkeys(str(key) for key in item if key not in _OWN))
                if len(keys) > MOST_COLUMNS:
                    raise Invalid(_("The objects have more than %(most)d different keys.") % {"most": MOST_COLUMNS})
        if not keys:
            raise Invalid(_("%(path)s holds no JSON objects; write one object per line.") % {"path": path.name})
        table.header = column_names(list(keys), path)
        table.keys = list(keys)
        return table

    keys: list[str] | None = None

    def lines(self) -> Iterator[Line]:
        """The objects; a line that is none is told."""
        assert self.keys is not None
        for number, item in self._items():
            if isinstance(item, dict):
                yield Line(number, [_cell(item.get(key)) for key in self.keys])
            else:
                blank = [""] * len(self.keys)
                yield Line(number, blank, _("The line is no JSON object; check its brackets and quotes."))

    def _items(self) -> Iterator[tuple[int, Mapping[str, object] | None]]:
        if self.is_list:
            whole = _loaded(self.path.read_bytes().removeprefix(b"\xef\xbb\xbf"))
            if not isinstance(whole, list):
                raise Invalid(_("%(path)s is no valid JSON.") % {"path": self.path.name})
            self.bytes_read = self.size
            yield from ((at, item if isinstance(item, dict) else None) for at, item in enumerate(whole, start=1))
            return
        with self.path.open("rb") as raw:
            for number, text in enumerate(Counting(raw, self), start=1):
                text = text.removeprefix(b"\xef\xbb\xbf").strip()
                if text:
                    item = _loaded(text) if len(text) <= _LONGEST_LINE else None
                    yield number, item if isinstance(item, dict) else None


def _loaded(text: bytes) -> object:
    try:
        return orjson.loads(text)
    except (ValueError, RecursionError):
        return None


def _cell(value: object) -> str:
    if isinstance(value, str):
        return value.replace("\0", "")
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (int, float)):
        return repr(value)
    try:
        return JsonText(orjson.dumps(value).decode())
    except (TypeError, ValueError):
        return ""
