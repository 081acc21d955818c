"""A line as the modules read it: its clauses, what was found in them, and what each reader has taken."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol
from uuid import UUID

from rapport.engines.sentence.finds import LONGEST, Find, find_all

if TYPE_CHECKING:
    from rapport.kernel.context import Context

_BREAK = re.compile(r"[,;\n]+\s*|\.\s+(?=\S)|\s+[–-]\s+")


@dataclass
class Clause:
    """A part of the line between commas; `rest` is what no reader has understood yet."""

    start: int
    end: int
    text: str
    finds: list[Find]
    is_taken: bool = False

    @property
    def rest(self) -> str:
        """The words of the clause without what was found in it."""
        kept, at = "", self.start
        for one in self.finds:
            kept += self.text[at - self.start : one.start - self.start]
            at = one.end
        return " ".join((kept + self.text[at - self.start :]).split()).strip(" ,;.")


@dataclass(frozen=True)
class Link:
    """A value that is another record of the same line, made or found first."""

    key: str


@dataclass
class Draft:
    """A record to be made, or one that is there already (`existing`). Values may be `Link`s."""

    key: str
    type: str
    values: dict[str, object] = field(default_factory=dict)
    #: The fields that the confirmation shows; the others are said by `sentence` alone.
    shown: tuple[str, ...] = ()
    #: Said instead of fields: "works at Acme".
    sentence: str = ""
    existing: UUID | None = None
    #: What the card is headed with; "" for the type's own label.
    label: str = ""
    #: The colour (1 to 6) of the line under its words.
    hue: int = 5
    #: Whether it may be there already: then records like it are offered.
    may_be_known: bool = False


@dataclass(frozen=True)
class Span:
    """Words of the line that became a value: draft and field, for the coloured line under them."""

    start: int
    end: int
    draft: str
    field: str


@dataclass
class Line:
    """One line being read."""

    text: str
    clauses: list[Clause]
    drafts: dict[str, Draft] = field(default_factory=dict)
    spans: list[Span] = field(default_factory=list)
    #: What the line said that it is, by its first word ("Lead …"); "" when it left that open.
    asked: str = ""

    def free(self) -> list[Clause]:
        """The clauses nobody has taken."""
        return [clause for clause in self.clauses if not clause.is_taken]

    def finds(self, kind: str) -> list[Find]:
        """What was found of a kind, in order."""
        return [one for clause in self.clauses for one in clause.finds if one.kind == kind]

    def put(self, draft: str, name: str, start: int, end: int) -> None:
        """Note which words a value came from."""
        self.spans.append(Span(start, end, draft, name))


class Reader(Protocol):
    """Takes what it understands out of a line and adds drafts."""

    def __call__(self, ctx: Context, line: Line) -> None:
        """Read on."""


_readers: list[tuple[int, Reader]] = []


def reads(order: int) -> Callable[[Reader], Reader]:
    """Let a module read lines (decorator); lower orders come first and leave less to the others."""

    def add(function: Reader) -> Reader:
        _readers.append((order, function))
        _readers.sort(key=lambda entry: entry[0])
        return function

    return add


def read_line(ctx: Context, text: str) -> Line:
    """Everything the modules understand of a line, as drafts in the order in which they have to be made."""
    given = text[:LONGEST]
    line = Line(given, _clauses(given, find_all(given, ctx.cleaning())))
    for _order, reader in _readers:
        reader(ctx, line)
    return line


def _clauses(text: str, finds: list[Find]) -> list[Clause]:
    cuts = [
        (m.start(), m.end()) for m in _BREAK.finditer(text) if not any(f.start < m.end() and m.start() < f.end for f in finds)
    ]
    edges = [0, *[end for _start, end in cuts]]
    ends = [*[start for start, _end in cuts], len(text)]
    return [
        Clause(start, end, text[start:end], [f for f in finds if start <= f.start and f.end <= end])
        for start, end in zip(edges, ends, strict=True)
        if text[start:end].strip()
    ]
