"""Who may this be? Records like given values, found through indexes: set-wise for imports, and while somebody types.

Only what the viewer may see counts: their records, and the fields of them that are not hidden from them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from uuid import UUID

from rapport.engines.duplicates.evidence import LIKELY, POSSIBLE, Evidence, Traits, compare, score_of
from rapport.engines.duplicates.names import words_of
from rapport.engines.duplicates.registry import Identity, Kin, Reading, identity_of, kin_of
from rapport.engines.duplicates.traits import named_of, traits_of
from rapport.kernel.access import gate
from rapport.kernel.query.models import IndexedValue
from rapport.kernel.query.read import read_ids
from rapport.kernel.query.search import holding_words
from rapport.kernel.records.field import Field
from rapport.kernel.records.registry import TypeInfo, registry
from rapport.kernel.text_folding import fold

if TYPE_CHECKING:
    from rapport.kernel.context import Context

#: A key that more records share than this says nothing (an info@ address, a switchboard).
NOISY = 20
#: Records compared for one name at most.
_NAMESAKES = 120
#: Keys asked for in one statement.
_KEYS = 400
#: Letters of the name with which a namesake begins.
_PREFIX = 5

Values = Mapping[str, object]


@dataclass(frozen=True)
class Found:
    """A record that may be the one given, with what speaks for it."""

    type: str
    id: UUID
    score: int
    evidence: tuple[Evidence, ...]


def identity_for(info: TypeInfo) -> Identity:
    """What identifies a type: as its module says, else its title and its first field of each telling kind."""
    return identity_of(info.key) or Identity(
        info.key, info.declared.title, emails=_first(info, "email"), phones=_first(info, "phone"), website=_first(info, "web")
    )


def _first(info: TypeInfo, kind: str) -> str:
    return next((key for key, field in info.fields.items() if field.kind.key == kind), "")


def find_for(
    ctx: Context, info: TypeInfo, given: Sequence[Values], *, near_names: bool = False, least: int = POSSIBLE, most: int = 3
) -> list[list[Found]]:
    """For each of the given sets of values (cleaned, by field key) the records of the type they may be, likeliest first.

    Set-wise: a fixed number of queries for every four hundred keys, however many rows. `near_names` also looks for
    misspelt names, with a query or two for each row: for one that is being typed, not for ten thousand.
    """
    identity = identity_for(info)
    fields = {key: field for key, field in gate.fields(ctx, info).items() if key in identity.fields}
    wanted = [_keys(identity, fields, values) for values in given]
    hits = _by_keys(ctx, info, set().union(*wanted)) if wanted else {}
    names = _by_title(ctx, info, identity, fields, given)
    candidates: list[set[UUID]] = []
    for position, values in enumerate(given):
        found = set().union(*(hits.get(key, ()) for key in wanted[position]), names.get(_title(identity, values), ()))
        if near_names and identity.name in fields:
            found |= _namesakes(ctx, info, str(values.get(identity.name) or ""))
        candidates.append(found)
    rows = _read(ctx, info, identity, fields, set().union(*candidates)) if candidates else {}
    return [
        _best(
            info,
            identity,
            fields,
            values,
            {pk: rows[pk] for pk in some if pk in rows},
            least,
            most,
            near_names and least < LIKELY,
        )
        for values, some in zip(given, candidates, strict=True)
    ]


def _best(
    info: TypeInfo, identity: Identity, fields: Mapping[str, Field], values: Values, rows: Mapping[UUID, Traits], least: int,
    most: int,
    forgiving: bool,
) -> list[Found]:  # fmt: skip
    named = named_of(identity)
    said = dict(values)
    if identity.domain_of is not None and not said.get(identity.domain_of[0]):
        said[identity.domain_of[0]] = identity.domain_of[1]  # nobody said it is no company
    mine = traits_of(identity, said, visible=fields)
    open_kinds = [not values.get(key) for key in identity.apart]
    found = []
    for pk, traits in rows.items():
        # What was not said (company or person?) keeps nothing apart.
        apart = tuple(b if is_open else a for a, b, is_open in zip(mine.apart, traits.apart, open_kinds, strict=True))
        evidence = compare(replace(mine, apart=apart), traits, named)
        # Somebody who shares an address or a number is shown to a person whatever they are called: they can judge.
        score = score_of([one for one in evidence if one[2] > 0] if forgiving and _shares_key(evidence) else evidence)
        if score >= least:
            found.append(Found(info.key, pk, score, tuple(evidence)))
    return sorted(found, key=lambda one: (-one.score, one.id))[:most]


def _shares_key(evidence: Iterable[Evidence]) -> bool:
    return any(why in ("email", "phone", "domain") for why, _fields, _weight in evidence)


def _read(
    ctx: Context, info: TypeInfo, identity: Identity, fields: Mapping[str, Field], ids: Iterable[UUID]
) -> dict[UUID, Traits]:
    every = sorted(ids)
    found: dict[UUID, Traits] = {}
    for at in range(0, len(every), _KEYS):
        for pk, row in read_ids(ctx, info, every[at : at + _KEYS], list(fields)).items():
            found[pk] = traits_of(identity, row.values, visible=fields)
    return found


def _keys(identity: Identity, fields: Mapping[str, Field], values: Values) -> set[tuple[str, str]]:
    """(field, key) under which the value index knows records with the same address, number or domain."""
    found: set[tuple[str, str]] = set()
    for key in (identity.emails, identity.phones, identity.website):
        field, value = fields.get(key), values.get(key)
        if field is None or not value:
            continue
        for one in field.kind.index_keys(value):
            if one.startswith("r") and field.kind.key == "phone":
                continue  # the number backwards, for those who know its end only
            found.add((key, one[:200]))
    domains = {one.partition("@")[2] for key, one in found if key == identity.emails and one.startswith("@")}
    domains |= {one.partition(":")[2] for key, one in found if key == identity.website}
    by_domain = identity.domain_of is None or values.get(identity.domain_of[0]) in (None, "", identity.domain_of[1])
    found = {one for one in found if not one[1].startswith("@")}
    if by_domain:
        for domain in domains:
            found |= {(key, f"{sign}{domain}") for key, sign in ((identity.website, "domain:"), (identity.emails, "@"))
                      if key in fields}  # fmt: skip
    return found


def _by_keys(ctx: Context, info: TypeInfo, keys: set[tuple[str, str]]) -> dict[tuple[str, str], set[UUID]]:
    by_field: dict[str, list[str]] = {}
    for field, key in sorted(keys):
        by_field.setdefault(field, []).append(key)
    found: dict[tuple[str, str], set[UUID]] = {}
    for field, every in by_field.items():
        for at in range(0, len(every), _KEYS):
            some = every[at : at + _KEYS]
            rows = IndexedValue.objects.filter(workspace_id=ctx.workspace.pk, type=info.key, field=field, key__in=some)
            counted: Counter[str] = Counter()
            for key, pk in rows.values_list("key", "record_id")[: len(some) * (NOISY + 1) + 1000]:
                counted[key] += 1
                found.setdefault((field, key), set()).add(pk)
            for key in [key for key, count in counted.items() if count > NOISY]:
                found.pop((field, key))
    return found


def _title(identity: Identity, values: Values) -> str:
    return fold(str(values.get(identity.name) or ""))[:200]


def _by_title(
    ctx: Context, info: TypeInfo, identity: Identity, fields: Mapping[str, Field], given: Sequence[Values]
) -> dict[str, set[UUID]]:
    """Records with exactly the same name, in one query."""
    if identity.name != info.declared.title or identity.name not in fields:
        return {}
    wanted = sorted({_title(identity, values) for values in given} - {""})
    found: dict[str, set[UUID]] = {}
    for at in range(0, len(wanted), _KEYS):
        some = wanted[at : at + _KEYS]
        rows = gate.visible(ctx, info).filter(title_key__in=some).values_list("title_key", "pk")
        for title, pk in rows[: len(some) * NOISY]:
            found.setdefault(title, set()).add(pk)
    return found


def _namesakes(ctx: Context, info: TypeInfo, name: str) -> set[UUID]:
    """Records called nearly so: by the beginning of the name, and by its words with one of them misspelt."""
    wanted = fold(name)[:200]
    if len(wanted) < 3:
        return set()
    start = wanted[:_PREFIX]
    rows = gate.visible(ctx, info).filter(title_key__gte=start, title_key__lt=start + "\U0010ffff")
    found = set(rows.order_by("title_key").values_list("pk", flat=True)[:_NAMESAKES])
    words = sorted({word for word in words_of(name) if len(word) >= 3}, key=len, reverse=True)[:3]
    if not words:
        return found
    asked = [[word[:4] for word in words]]
    if len(words) > 1 and len(words[0]) >= 5:
        asked.append([words[0]])
    group = info.title_field.see
    for some in asked:
        found |= set(holding_words(ctx, info.key, some, group=group, most=_NAMESAKES // 2))
    return found


def kin_to_ask(ctx: Context, info: TypeInfo) -> list[Kin]:
    """The other types that may hold the same person or company already, as far as the viewer sees them."""
    return [one for one in kin_of(info.key) if one.other in registry and gate.allows(ctx, registry.get(one.other), "view")]


def read_as(reading: Reading, values: Values) -> Values:
    """Values of one type as the other type calls them (the company of a lead is the name of a customer); nothing when there
    is no name, address or number among them."""
    found = {there: values[here] for there, here in reading.fields.items() if values.get(here)}
    return {**found, **reading.fixed} if found else {}


def find_kin(
    ctx: Context, kin: Kin, given: Sequence[Values], *, near_names: bool = False, least: int = POSSIBLE, most: int = 3
) -> list[list[tuple[Reading, Found]]]:
    """For each of the given sets of values (of the kin's own type) the records of the other type they may be, likeliest first,
    with how they were read."""
    info = registry.get(kin.other)
    found: list[dict[UUID, tuple[Reading, Found]]] = [{} for _one in given]
    for reading in kin.readings:
        name = reading.fields.get(identity_for(info).name, "")
        # Half a form is asked about too; of a whole record, a reading without its name would only repeat the others.
        asked = [(at, read) for at, values in enumerate(given)
                 if (near_names or values.get(name)) and (read := read_as(reading, values))]  # fmt: skip
        hits = find_for(ctx, info, [read for _at, read in asked], near_names=near_names, least=least, most=most)
        for (at, _read), some in zip(asked, hits, strict=True):
            for hit in some:
                if hit.id not in found[at] or found[at][hit.id][1].score < hit.score:
                    found[at][hit.id] = (reading, hit)
    return [sorted(some.values(), key=lambda one: (-one[1].score, one[1].id))[:most] for some in found]
