"""What follows from what: the calculated fields of a workspace, what each reads, and which fields they make calculated anew."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from uuid import UUID

from django.db.models import JSONField, OuterRef, Subquery
from django.utils.translation import gettext as _

from rapport.engines.words.formulas import SORTS, Formula, read_formula
from rapport.engines.words.models import CustomRecord, KeptValue
from rapport.kernel.access.models import Team, User, Workspace
from rapport.kernel.custom.fields import Known, calculated_by, finishers, known
from rapport.kernel.custom.models import CustomField
from rapport.kernel.errors import Invalid
from rapport.kernel.kinds.base import Kind
from rapport.kernel.query.text import parse
from rapport.kernel.query.tree import All, Any_, Has, Me, Node, Not, Relative, Test
from rapport.kernel.records.declare import RecordType, Use
from rapport.kernel.records.derive import derive_fields
from rapport.kernel.records.field import OWN, Field
from rapport.kernel.records.registry import registry

Fields = Mapping[str, Mapping[str, Field]]  # an `Every`


@dataclass(frozen=True)
class Step:
    """One calculated field: a formula over its own record, or a roll-up of the records that point at it."""

    row: CustomField
    formula: Formula | None = None
    where: Node | None = None
    #: (type, field) of everything it reads.
    reads: frozenset[tuple[str, str]] = frozenset()

    @property
    def mark(self) -> tuple[str, str]:
        """Which field of which type it is."""
        return self.row.on_type, self.row.key


@dataclass
class Plan:
    """The steps of a workspace, by what they read."""

    steps: dict[tuple[str, str], Step] = field(default_factory=dict)

    def formulas_after(self, type_key: str, changed: set[str]) -> list[Step]:
        """Formulas of the type that read one of these fields."""
        found = [s for s in self.steps.values() if s.formula is not None and s.row.on_type == type_key]
        return [s for s in found if any((type_key, key) in s.reads for key in changed)]

    def roll_ups_of(self, type_key: str) -> list[Step]:
        """Roll-ups made from records of the type."""
        return [s for s in self.steps.values() if s.row.roll_up and s.row.of_type == type_key]

    def watching(self, type_key: str, changed: set[str]) -> list[Step]:
        """Roll-ups whose filter looks through a reference at a field of the type that changed."""
        several = [s for s in self.steps.values() if s.row.roll_up and type_key not in (s.row.of_type,)]
        return [s for s in several if any((type_key, key) in s.reads for key in changed)]


def plan_of(workspace: Workspace) -> Plan:
    """The plan of a workspace's definitions."""
    return known(workspace.pk, workspace.schema_version).memo["plan"]  # type: ignore[return-value]


def finish(own: Known) -> None:
    """Make the plan, and give each calculated field the guards of everything it reads. A definition that is not right any
    more (a field it reads is gone) rests, and its field stays shut."""
    plan, fields = Plan(), every_field(own)
    for row in own.calculated:
        try:
            step = step_of(row, fields)
        except Invalid:
            continue
        plan.steps[step.mark] = step
    for (type_key, key), step in plan.steps.items():
        groups, types = guards(plan, fields, step)
        # Of several groups nobody but those who hold all groups ("*") holds this one.
        see = " + ".join(sorted(groups))
        own.fields[type_key][key] = replace(own.fields[type_key][key], see=see, needs_all_of=tuple(sorted(types)))
    own.memo["plan"] = plan


finishers.append(finish)


def step_of(row: CustomField, fields: Fields) -> Step:
    """Read one definition. Raises Invalid for a formula or filter that does not hold."""
    if row.formula:
        mine = fields[row.on_type]
        sorts = {key: SORTS[f.kind.key] for key, f in mine.items() if f.kind.key in SORTS and _is_stored(f)}
        formula = read_formula(row.formula, sorts)
        return Step(row, formula, None, frozenset((row.on_type, name) for name in formula.names))
    where = parse(row.matching) if row.matching else None
    reads = {(row.of_type, row.of_field)} | set(_reads(where, row.of_type, fields))
    if row.take:
        reads.add((row.of_type, row.take))
    return Step(row, None, where, frozenset(reads))


def _is_stored(f: Field) -> bool:
    """Whether its value stands somewhere (a field that the database calculates does not)."""
    return f.source != "computed" or f.is_kept


def _reads(node: Node | None, type_key: str, fields: Fields) -> Iterator[tuple[str, str]]:
    if isinstance(node, Test):
        for value in node.value if isinstance(node.value, tuple) else (node.value,):
            if isinstance(value, (Me, Relative)):
                raise Invalid(_("A roll-up cannot ask for “me” or for today: it would be old tomorrow."), field="matching")
        at = type_key
        for name in node.path:
            yield at, name
            one = fields[at].get(name)
            at = one.to if one is not None else ""
    elif isinstance(node, Has):
        raise Invalid(
            _("The filter of a roll-up looks at one record and what it points at, not at further lists."), field="matching"
        )
    elif isinstance(node, Not):
        yield from _reads(node.item, type_key, fields)
    elif isinstance(node, (All, Any_)):
        for item in node.items:
            yield from _reads(item, type_key, fields)


def ring(plan: Plan, step: Step) -> bool:
    """Whether a step would, through others, read itself."""
    todo, seen = list(step.reads), set()
    while todo:
        mark = todo.pop()
        if mark == step.mark:
            return True
        if mark not in seen:
            seen.add(mark)
            after = plan.steps.get(mark)
            todo += list(after.reads) if after is not None else []
    return False


# -- as a field ------------------------------------------------------------------------------------------------------


#: A group that nobody holds by name: what a field has until `finish` knows what it reads.
_SHUT = "?"


def kept_field(workspace_id: UUID, row: CustomField, kind: Kind) -> Field:
    """The field of a calculated value: a look at what is kept; `finish` says who may see it."""
    kept = KeptValue.objects.filter(workspace_id=workspace_id, record_id=OuterRef("pk"), field=row.key)
    return Field(
        key=row.key, label=row.label, kind=kind, source="computed", path=row.key, columns=(row.key,), readonly=True,
        help=row.help_text or _("Calculated"), see=_SHUT, expression=Subquery(kept.values("value")[:1], JSONField()),
        is_kept=True, is_fast=True, is_keyed=True, sort_path=OWN if row.is_indexed else "",
    )  # fmt: skip


calculated_by.append(kept_field)


def guards(plan: Plan, fields: Fields, step: Step, seen: frozenset[tuple[str, str]] = frozenset()) -> tuple[set[str], set[str]]:
    """Field groups of everything a step reads, and the types of which somebody must see every record to see it."""
    groups = {step.row.field_group} - {""}
    types = {step.row.of_type} if step.row.roll_up and not step.row.for_everybody else set()
    for type_key, key in step.reads:
        one = fields[type_key].get(key)
        inner = plan.steps.get((type_key, key))
        if one is not None and one.is_kept and inner is None:
            groups.add(_SHUT)
        elif one is not None and one.see and inner is None:
            groups.add(one.see)
        if inner is not None and inner.mark not in seen:
            more, further = guards(plan, fields, inner, seen | {step.mark})
            groups |= more
            types |= further
    return groups, types


class Every(dict[str, Mapping[str, Field]]):
    """All fields by type; own types have those of the base in any case."""

    def __missing__(self, key: str) -> Mapping[str, Field]:
        return base_fields() if key.startswith("x_") else {}


def every_field(own: Known) -> Every:
    """All fields by type: shipped ones and those of the definitions."""
    shipped = {key: info.fields for key, info in registry.shipped().items()}
    found = Every(shipped)
    for key, more in own.fields.items():
        found[key] = {**found[key], **more}
    return found


@lru_cache(maxsize=1)
def base_fields() -> Mapping[str, Field]:
    """The fields that every own type has."""
    body = {"__doc__": "Any own type.", "model": CustomRecord, "key": "", "title": "name", "uses": {"type_key": Use(hidden=True)}}
    return derive_fields(type("AnyOwnType", (RecordType,), body), {User: "user", Team: "team"})
