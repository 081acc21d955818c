"""The search box: any words, accents or not, phone digits in any format, over every type the viewer may see.

SQLite answers from an FTS5 trigram table, PostgreSQL from a trigram GIN index on the same text. Raw SQL here because
neither can be said in the ORM; measured in the shared knowledge (section 6) at 0.2-6 ms for a million records.
Candidates come from the index, then every type's candidates pass the gate: a record or field group the viewer may
not see is never found.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from django.db import connection
from django.db.models import Max, QuerySet

from rapport.kernel.access import gate
from rapport.kernel.access.current import current_workspace_id, unscoped
from rapport.kernel.changes.bulk import insert_rows
from rapport.kernel.query import near
from rapport.kernel.query.models import SearchEntry
from rapport.kernel.query.walking import FEW
from rapport.kernel.records.model import is_indexed
from rapport.kernel.records.registry import registry
from rapport.kernel.text_folding import fold

if TYPE_CHECKING:
    from rapport.kernel.context import Context

_COLUMNS = ("workspace_id", "type", "record_id", "group", "title_key", "text")
#: So many times the wanted number must be expected before nobody looks (PostgreSQL).
_SURELY_MORE = 2
#: Letters that the trigram indexes have to be asked for at least.
TRIGRAM = 3
#: How many candidates are read before giving up on a viewer who may see few of them.
_CANDIDATES = 60
#: In the first round, which is enough for whoever sees everything.
_CANDIDATES_FIRST = 36
_ROUNDS = 6
_OWN = 10
#: With fewer hits than this, what is merely like the words is looked for too.
_FEW_HITS = 3
#: A list asks several times what contains a word: so many seconds the answer holds, unless something is written meanwhile.
_KEPT = 1.0
_writes = 0
#: Entries SQLite looks at in the first step, which is mostly enough, and in one of the next; below its limit of bound values.
_FTS_FIRST, _FTS_BATCH = 180, 900


@dataclass(frozen=True)
class Hit:
    """One found record."""

    type: str
    id: UUID
    title: str
    url: str
    is_person: bool = False


def remember(entries: Sequence[tuple[object, ...]]) -> None:
    """Store search entries (workspace, type, record, group, title key, text), set-wise."""
    global _writes  # counts, so that kept answers end
    _writes += 1
    if not entries:
        return
    if connection.vendor != "sqlite":
        insert_rows(SearchEntry, _COLUMNS, entries)
        return
    # SQLite has one writer at a time and we are inside its transaction, so counting on from the highest id is safe.
    with unscoped("SQLite counts the rows of its word index over all workspaces"):
        first = (SearchEntry.objects.aggregate(top=Max("id"))["top"] or 0) + 1
    numbered = [(first + i, *entry) for i, entry in enumerate(entries)]
    insert_rows(SearchEntry, ("id", *_COLUMNS), numbered)
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO kernel_search_fts(rowid, text) VALUES (%s, %s)", [(row[0], row[6]) for row in numbered]
        )


def forget(record_ids: Iterable[UUID]) -> None:
    """Drop the entries of records (before writing new ones, or when they go to the bin)."""
    global _writes
    _writes += 1
    rows = SearchEntry.objects.filter(workspace_id=current_workspace_id(), record_id__in=list(record_ids))
    if connection.vendor == "sqlite":
        ids = list(rows.values_list("pk", flat=True))
        with connection.cursor() as cursor:
            cursor.executemany("DELETE FROM kernel_search_fts WHERE rowid = %s", [(i,) for i in ids])
    rows.delete()


def search(ctx: Context, text: str, *, limit: int = 12, only: str = "") -> list[Hit]:
    """Records whose words contain every word of `text`, best first; where few do, also those that are like it. At most `limit`.

    Best is what is called so, then what begins so, then what merely contains it; among like ones the viewer's own, then
    what changed lately.
    """
    wanted = fold(_plain_number(text))[:100]
    if not wanted:
        return []
    types = [t for t in registry.all() if t.declared.search and gate.allows(ctx, t, "view") and only in ("", t.key)]
    keys = [t.key for t in types]
    if not keys:
        return []
    found: dict[UUID, _Ranked] = {}
    for candidates in _candidates(ctx, wanted, keys):
        for one in _through_gate(ctx, wanted, candidates):
            found.setdefault(one.hit.id, one)
        if len(found) >= limit:
            break
    if len(found) < min(limit, _FEW_HITS):
        for one in _through_gate(ctx, wanted, near_hits(ctx, wanted, keys)):
            found.setdefault(one.hit.id, one)
    # Ids rise with time, so the newest comes first among equals.
    return [one.hit for one in sorted(found.values(), key=lambda one: (one.rank, one.hit.id), reverse=True)[:limit]]


def _plain_number(text: str) -> str:
    """The trunk zero of "+353 (0)1 555" is not dialled from abroad, and not stored."""
    return text.replace("(0)", "") if text.lstrip().startswith(("+", "00")) else text


def near_hits(ctx: Context, wanted: str, keys: list[str]) -> list[tuple[str, UUID, float]]:
    """Records whose words are like those typed, the likest first."""
    words = _words(wanted)
    if not words or max(map(len, words)) < near.SHORTEST or min(map(len, words)) < TRIGRAM:
        return []
    base = SearchEntry.objects.filter(workspace_id=ctx.workspace.pk, type__in=keys, group__in=_groups(ctx, keys))
    found: dict[UUID, tuple[str, UUID, float]] = {}
    for ways, most in near.FOR_ONE if len(words) == 1 else near.FOR_MORE:
        ids = _fts(near.as_match(words, ways), 2**62, most) if connection.vendor == "sqlite" else None
        rows = base.filter(pk__in=ids) if ids is not None else near.as_filter(base, words, ways).order_by("-pk")[:most]
        got = list(rows.values_list("type", "record_id", "text"))
        for key, rid, text in got:
            if rid not in found and (likeness := near.likeness(words, text)):
                found[rid] = (key, rid, likeness)
        is_all = len(got if ids is None else ids) < most
        if is_all if ways is near.halves else len(found) >= _FEW_HITS:  # halves leave nobody out
            break
    return sorted(found.values(), key=lambda one: -one[2])[:_CANDIDATES]


def _candidates(ctx: Context, wanted: str, keys: list[str]) -> Iterable[list[tuple[str, UUID, float]]]:
    """Batches of (type, id, likeness): first titles that begin with the text, then words that contain it."""
    groups = _groups(ctx, keys)
    base = SearchEntry.objects.filter(workspace_id=ctx.workspace.pk, type__in=keys, group__in=groups)
    prefix = base.filter(title_key__gte=wanted, title_key__lt=wanted + "\U0010ffff").order_by("title_key")
    yield _own(ctx, wanted, keys)
    yield [(key, rid, 1.0) for key, rid in prefix.values_list("type", "record_id")[:_CANDIDATES]]
    words = [w for w in _words(wanted) if len(w) >= TRIGRAM]
    if not words:
        return
    last: int | None = None
    for _round in range(_ROUNDS):
        rows, last = _containing(ctx, words, keys, groups, last)
        yield rows
        if last is None:
            return


def _own(ctx: Context, wanted: str, keys: list[str]) -> list[tuple[str, UUID, float]]:
    """The viewer's own records that are called so, of types with an index by owner and title: among thousands of the same
    name they would not be met otherwise."""
    found: list[tuple[str, UUID, float]] = []
    for model, key in ((registry.get(key).model, key) for key in keys):
        if ctx.viewer.user_id and is_indexed(model, "workspace", "owner", "title_key"):
            mine = model.objects.filter(workspace_id=ctx.workspace.pk, owner_id=ctx.viewer.user_id, deleted_at=None)
            rows = mine.filter(title_key__gte=wanted, title_key__lt=wanted + "\U0010ffff").order_by("title_key")
            found += [(key, pk, 1.0) for pk in rows.values_list("pk", flat=True)[:_OWN]]
    return found


def _words(wanted: str) -> list[str]:
    """Words to look for; a typed phone number counts as its digits."""
    digits = "".join(c for c in wanted if c.isdigit())
    if len(digits) >= 5 and not any(c.isalpha() for c in wanted):
        return [digits.lstrip("0")]
    return wanted.split()


def _containing(
    ctx: Context, words: list[str], keys: list[str], groups: list[str], below: int | None
) -> tuple[list[tuple[str, UUID, float]], int | None]:
    """The next newest candidates, and the entry to go on below (None when there are no more)."""
    most = _CANDIDATES_FIRST if below is None else _CANDIDATES
    if connection.vendor == "sqlite":
        return _containing_fts(ctx, words, keys, groups, below, most)
    rows = SearchEntry.objects.filter(workspace_id=ctx.workspace.pk, type__in=keys, group__in=groups)
    rows, _floor = _matching(rows, words, below)
    got = list(rows.order_by("-pk").values_list("pk", "type", "record_id")[:most])
    last = got[-1][0] if len(got) == most else None
    return [(kind, rid, 1.0) for _pk, kind, rid in got], last


def _containing_fts(
    ctx: Context, words: list[str], keys: list[str], groups: list[str], below: int | None, most: int
) -> tuple[list[tuple[str, UUID, float]], int | None]:
    """The same in SQLite's word index, as one statement: naming some hundred entries in a second one costs more than asking."""
    batch = _FTS_FIRST if below is None else _FTS_BATCH
    sql = f"""
        SELECT found.rowid, entry.type, entry.record_id
        FROM (SELECT rowid FROM kernel_search_fts WHERE kernel_search_fts MATCH %s AND rowid < %s
              ORDER BY rowid DESC LIMIT %s) AS found
        LEFT JOIN kernel_searchentry AS entry ON entry.id = found.rowid AND entry.workspace_id = %s
             AND entry.type IN ({_marks(keys)}) AND entry."group" IN ({_marks(groups)})
        ORDER BY found.rowid DESC"""
    match = " AND ".join(map(near.quoted, words))
    with connection.cursor() as cursor:
        cursor.execute(sql, [match, 2**62 if below is None else below, batch, ctx.workspace.pk.hex, *keys, *groups])
        rows = cursor.fetchall()
    fit = [row for row in rows if row[1] is not None][:most]
    last = fit[-1][0] if len(fit) == most else rows[-1][0] if len(rows) == batch else None
    return [(key, UUID(rid), 1.0) for _row, key, rid in fit], last


def _marks(values: Sequence[object]) -> str:
    return ", ".join(["%s"] * len(values))


def _matching(
    rows: QuerySet, words: list[str], below: int | None = None, batch: int = _FTS_BATCH
) -> tuple[QuerySet, int | None]:
    """Entries whose text contains every word (three letters or more each), by the database's trigram index.

    The second value is where SQLite's bounded look into its index ended: matches below it are not among the rows.
    """
    if below is not None:
        rows = rows.filter(pk__lt=below)
    if connection.vendor != "sqlite":
        for word in words:
            rows = rows.filter(text__contains=word)
        return rows, None
    match = " AND ".join(map(near.quoted, words))
    ids = _fts(match, below if below is not None else 2**62, batch)
    return rows.filter(pk__in=ids), (ids[-1] if len(ids) == batch else None)


def _fts(match: str, below: int, most: int) -> list[int]:
    """Entries that SQLite's word index has for a question, newest first: FTS5 walks its list backwards, so that a word in a
    million entries costs no more than one in a thousand."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT rowid FROM kernel_search_fts WHERE kernel_search_fts MATCH %s AND rowid < %s ORDER BY rowid DESC LIMIT %s",
            [match, below, most],
        )
        return [row[0] for row in cursor.fetchall()]


def few_containing(ctx: Context, type_key: str, wanted: str, *, most: int = FEW) -> list[UUID] | None:
    """Ids of the records of a type whose words contain a text, when they are at most `most`; None when they are more
    or the text is too short for trigrams. Narrows a filter; the filter itself still decides."""
    if len(wanted) < TRIGRAM:
        return None
    mark, now = ("few containing", type_key, wanted, most, _writes), time.monotonic()
    kept = ctx.memory.get(mark)
    if not isinstance(kept, tuple) or now - kept[0] > _KEPT:
        kept = ctx.memory[mark] = (now, _few_containing(ctx, type_key, wanted, most))
    return kept[1]  # type: ignore[no-any-return]


def _few_containing(ctx: Context, type_key: str, wanted: str, most: int) -> list[UUID] | None:
    rows = SearchEntry.objects.filter(workspace_id=ctx.workspace.pk, type=type_key)
    if connection.vendor == "sqlite":
        ids = _fts(near.quoted(wanted), 2**62, most + 1)
        if len(ids) > most:
            return None
        some = [rows.filter(pk__in=ids[at : at + _FTS_BATCH]) for at in range(0, len(ids), _FTS_BATCH)]
        return [record_id for part in some for record_id in part.values_list("record_id", flat=True)]
    rows, _floor = _matching(rows, [wanted])
    if _estimated(rows) > most * _SURELY_MORE:
        return None
    found = list(rows.order_by().values_list("record_id", flat=True)[: most + 1])
    return found if len(found) <= most else None


def _estimated(rows: QuerySet) -> float:
    """How many rows PostgreSQL's planner expects: it knows the common pieces of words, and reading them all to learn that they
    are too many took 20 to 50 ms."""
    plan = json.loads(rows.order_by().values_list("record_id").explain(format="json"))
    return float(plan[0]["Plan"]["Plan Rows"])


def holding_words(ctx: Context, type_key: str, words: list[str], *, group: str, most: int) -> list[UUID]:
    """The newest records of a type whose words of one field group contain all of these (three letters or more each)."""
    rows = SearchEntry.objects.filter(workspace_id=ctx.workspace.pk, type=type_key, group=group)
    return list(_matching(rows, words)[0].order_by("-pk").values_list("record_id", flat=True)[:most])


def _groups(ctx: Context, keys: list[str]) -> list[str]:
    every = {f.see for key in keys for f in registry.get(key).fields.values()}
    return [g for g in every | {""} if ctx.viewer.group(g) != "hidden"]


@dataclass(frozen=True)
class _Ranked:
    """A hit and how well it fits."""

    hit: Hit
    rank: float


def _through_gate(ctx: Context, wanted: str, candidates: list[tuple[str, UUID, float]]) -> list[_Ranked]:
    """Those candidates that the viewer may see, with titles and ranks: one query per type."""
    by_type: dict[str, dict[UUID, float]] = {}
    for key, rid, likeness in candidates:
        by_type.setdefault(key, {}).setdefault(rid, likeness)
    found = []
    for key, likenesses in by_type.items():
        info = registry.get(key)
        known = gate.titles(ctx, info, set(likenesses))
        for rid, title in known.items():
            hit = Hit(key, rid, str(title), info.record_url(rid), title.is_person)
            is_mine = title.owner_id is not None and title.owner_id == ctx.viewer.user_id
            found.append(_Ranked(hit, _rank(wanted, fold(title), likenesses[rid], is_mine=is_mine)))
    return found


def _rank(wanted: str, title: str, likeness: float, *, is_mine: bool) -> float:
    """How it fits counts most, whose it is next."""
    fit = 40.0 if likeness == 1.0 else 20.0 * likeness
    if likeness == 1.0 and title.startswith(wanted):
        fit = 100.0 if title == wanted else 80.0
    elif likeness == 1.0 and f" {wanted}" in f" {title}":
        fit = 60.0
    return fit + (12.0 if is_mine else 0.0)
