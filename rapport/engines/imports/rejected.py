"""The file of lines that could not be taken: the same columns and the reason, to be mended and brought in again."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from pathlib import Path

from django.utils.translation import gettext as _

from rapport.engines.exports.formulas import defended
from rapport.engines.imports.batch import Row
from rapport.engines.imports.mapping import REASON
from rapport.engines.imports.reader import Table
from rapport.kernel.errors import Invalid

_REJECTED = re.compile(r"(?P<stem>.*)\.rejected(?:-(?P<number>\d+))?$", re.DOTALL)


def rejected_path(path: Path) -> Path:
    """`people.csv` gives `people.rejected.csv`; that one, mended and imported, `people.rejected-2.csv`."""
    found = _REJECTED.fullmatch(path.stem)
    if found is None:
        return path.with_name(f"{path.stem}.rejected.csv")
    return path.with_name(f"{found['stem']}.rejected-{int(found['number'] or 1) + 1}.csv")


class RejectedFile:
    """Written beside the input, a batch at a time; what lies beyond a checkpoint is cut off when a run resumes."""

    def __init__(self, table: Table, *, keep_bytes: int = 0, path: Path | None = None) -> None:
        self.table = table
        self.path = path or rejected_path(table.path)
        self.size = keep_bytes
        self.count = 0
        # The reason of the last time is replaced, not kept beside the new one.
        self._reason_at = table.header.index(REASON) if REASON in table.header else -1
        if not keep_bytes:
            self.path.unlink(missing_ok=True)
        elif self.path.is_file():
            with self.path.open("r+b") as file:
                file.truncate(keep_bytes)

    def add(self, rows: Sequence[Row], note: str = "") -> None:
        """Append the rejected ones among the rows; they are on the disk when this returns."""
        wrong = [row for row in rows if row.wrong]
        if not wrong:
            return
        text = io.StringIO()
        out = csv.writer(text, delimiter=self.table.delimiter, lineterminator="\r\n")
        if self.size == 0:
            out.writerow([*self._own(self.table.header), REASON])
        width = len(self.table.header)
        for row in wrong:
            cells = [*row.line.cells, *[""] * (width - len(row.line.cells))][:width]
            reason = _("Line %(number)d: %(why)s") % {"number": row.line.number, "why": f"{note}{row.wrong}"}
            out.writerow([*(defended(cell) for cell in self._own(cells)), reason])
        data = text.getvalue().encode("utf-8-sig" if self.size == 0 else "utf-8", errors="replace")
        try:
            with self.path.open("ab") as file:
                file.write(data)
        except OSError as wrong_file:
            raise Invalid(
                _("%(path)s, which takes the lines that could not be imported, cannot be written: %(why)s.")
                % {"path": self.path, "why": wrong_file.strerror}
            ) from wrong_file
        self.size += len(data)
        self.count += len(wrong)

    def _own(self, cells: list[str]) -> list[str]:
        return cells if self._reason_at < 0 else [c for at, c in enumerate(cells) if at != self._reason_at]
