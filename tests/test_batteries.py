"""Batteries over the registry: every type x surface x cast x hidden field, with no test code per type.

A new record type gets all of these by being declared. Exemptions stand here with their reason.
"""

from __future__ import annotations

import json
from uuid import uuid4

import pytest

from rapport.kernel.access import gate
from rapport.kernel.access.current import no_workspace, use_workspace
from rapport.kernel.access.models import Role
from rapport.kernel.changes.history import history
from rapport.kernel.context import Context, system_context
from rapport.kernel.errors import Conflict, Gone, Invalid, NoWorkspace, Refused
from rapport.kernel.query.read import read_page
from rapport.kernel.query.search import search
from rapport.kernel.query.text import parse
from rapport.kernel.records.registry import TypeInfo, registry
from tests.access.people import CLOSED, SEALED, SHARED
from tests.cast import Cast
from tests.factory import make, value_for, values_for

TYPES = [info.key for info in registry.all()]
#: Fields whose value a type's own checks settle: an open deal has no day of closing; a custom field makes its key.
SETTLED = {("deal", "closed_on"), ("custom_field", "key"), ("custom_type", "key")}
#: (type, field) pairs that one hidden group takes from the sales role.
GUARDED = [(info.key, f.key, f.see) for info in registry.all() for f in info.fields.values() if f.see]



def _maker(cast: Cast, info: TypeInfo, who: str = "ana") -> Context:
    """Who makes records of a type: a person with every right, or the system where nobody has it."""
    if info.key not in SEALED:
        return cast.ctx(who)
    return cast.system if who == "ana" else system_context(cast.away, "test")


@pytest.fixture(params=TYPES)
def info(request: pytest.FixtureRequest) -> TypeInfo:
    """Each registered type in turn."""
    return registry.get(request.param)


def _owned_by(cast: Cast, who: str, info: TypeInfo, **given: object) -> object:
    """A record of Ben's or Cem's (for types under a parent: under a parent that is theirs)."""
    ctx, user = cast.system, getattr(cast, who)
    under = info.declared.under
    if under:
        parent = registry.get(info.fields[under].to)
        more = {"kind": "person"} if "person" in info.fields[under].only else {}
        given[under] = _owned_by(cast, who, parent, **more).pk  # type: ignore[attr-defined]
    elif "owner" in info.fields:
        given["owner"] = user.pk
    return make(ctx, info.key, **given)


#: Types whose records nobody deletes, because they prove something: the system does in their stead.
EVIDENCE = {"consent"}


def test_owner_creates_reads_changes_deletes_restores(cast: Cast, info: TypeInfo) -> None:
    """Every type goes through its whole life by the door, and its change log tells it."""
    ctx = _maker(cast, info)
    record = ctx.create(info.key, **values_for(ctx, info, every=True))
    assert gate.get(ctx, info, record.pk).pk == record.pk
    title = info.title_field
    if title.settable(creating=False) and not title.to and title.kind.key == "text":
        ctx.write(record, **{title.key: "New"})
    if info.key in EVIDENCE:
        with pytest.raises(Invalid):
            ctx.delete(record)
        ctx = cast.system
    ctx.delete(record)
    with pytest.raises(Gone):
        gate.get(ctx, info, record.pk)
    ctx.restore(gate.get(ctx, info, record.pk, in_bin=True))
    verbs = [line.change.verb for line in history(ctx, info, record.pk)]
    assert verbs[0] == "restore" and verbs[1] == "delete" and verbs[-1] == "create"


def test_every_sort_walks_every_row_once(cast: Cast, info: TypeInfo) -> None:
    """Keyset pages of every sortable field, both ways, see each row exactly once, empty values last."""
    ctx = _maker(cast, info)
    for _n in range(5):
        make(ctx, info.key)
    wanted = {row.id for row in read_page(ctx, info, limit=200).rows}
    for key in [f.key for f in info.fields.values() if f.sort_path]:
        for sort in (key, f"-{key}"):
            seen, cursor = [], ""
            while True:
                page = read_page(ctx, info, sort=sort, limit=2, cursor=cursor, fields=[key])
                seen += [(row.id, row[key]) for row in page.rows]
                if not page.next:
                    break
                cursor = page.next
            assert len(seen) == len(wanted) and {pk for pk, _v in seen} == wanted, sort
            empties = [value is None for _pk, value in seen]
            assert empties == sorted(empties), f"{sort}: empty values come last"


def test_every_field_takes_each_of_its_operators(cast: Cast, info: TypeInfo) -> None:
    """Filters compile and run for every field and operator that the kind offers."""
    ctx = _maker(cast, info)
    record = ctx.create(info.key, **values_for(ctx, info, every=True))
    del record
    for field in info.fields.values():
        if field.source == "computed":
            continue
        assert "empty" not in field.kind.operators or read_page(ctx, info, where=parse(f"{field.key} is empty")) is not None
        full = read_page(ctx, info, where=parse(f"{field.key} is not empty")).rows if "empty" in field.kind.operators else []
        none = read_page(ctx, info, where=parse(f"{field.key} is empty")).rows if "empty" in field.kind.operators else []
        if "empty" in field.kind.operators:
            assert len(full) + len(none) == len(read_page(ctx, info).rows), f"{field.key}: empty or not, never both"


@pytest.mark.parametrize("who", ["ben", "cem"])
def test_a_team_wall_holds_on_every_read(cast: Cast, info: TypeInfo, who: str) -> None:
    """Whoever may not see a record does not meet it in list, filter, count, search, history or by its id."""
    other = {"ben": "cem", "cem": "ben"}[who]
    theirs = _owned_by(cast, other, info)
    mine = _owned_by(cast, who, info)
    ctx = cast.ctx(who)
    if info.key in SHARED:
        assert gate.get(ctx, info, theirs.pk)  # type: ignore[attr-defined]
        return
    ids = {row.id for row in read_page(ctx, info, limit=200).rows} if info.key not in CLOSED else set()
    assert theirs.pk not in ids  # type: ignore[attr-defined]
    assert info.key in CLOSED or mine.pk in ids  # type: ignore[attr-defined]
    with pytest.raises(Gone):
        gate.get(ctx, info, theirs.pk)  # type: ignore[attr-defined]
    if info.declared.search and theirs.title_key:  # type: ignore[attr-defined]
        assert theirs.pk not in {hit.id for hit in search(ctx, theirs.title_key, limit=50)}  # type: ignore[attr-defined]
    for write in (lambda: ctx.write(theirs, external_id="x"), lambda: ctx.delete(theirs)):
        with pytest.raises((Gone, Refused)):
            write()


def test_a_record_behind_the_wall_cannot_be_pointed_at(cast: Cast, info: TypeInfo) -> None:
    """Ben cannot make a reference to a record of Cem's: told like a record that does not exist."""
    if info.key in SHARED | CLOSED:
        return
    theirs = _owned_by(cast, "cem", info)
    ctx = cast.ctx("ben")
    for other in registry.all():
        for field in other.fields.values():
            if field.to != info.key or not field.settable(creating=True) or other.key in CLOSED:
                continue
            if not gate.allows(ctx, other, "create"):
                continue
            given = values_for(cast.system, other, owner=cast.ben.pk) if "owner" in other.fields else values_for(cast.system, other)
            told = []
            for target in (theirs.pk, uuid4()):  # type: ignore[attr-defined]
                with pytest.raises(Invalid) as wrong:
                    ctx.create(other.key, **{**given, field.key: target})
                told.append(str(wrong.value.errors[field.key]).replace(str(target), "ID"))
            assert told[0] == told[1]


def test_another_workspace_is_not_there(cast: Cast, info: TypeInfo) -> None:
    """A record of another workspace is like none: by id, as a reference, in writes and deletes."""
    with use_workspace(cast.away):
        foreign = make(_maker(cast, info, "dea"), info.key)
    ctx = cast.ctx("ana")
    with pytest.raises(Gone):
        gate.get(ctx, info, foreign.pk)
    with pytest.raises((Gone, *([Refused] if info.key in SEALED else []))):
        ctx.delete(foreign)
    with pytest.raises((Gone, Invalid, *([Refused] if info.key in SEALED else []))):
        ctx.write(foreign, external_id="stolen")
    for other in registry.all():
        for field in other.fields.values():
            if field.to == info.key and field.settable(creating=True):
                with pytest.raises(Refused if other.key in SEALED else Invalid):
                    ctx.create(other.key, **{**values_for(_maker(cast, other), other), field.key: foreign.pk})


def test_no_workspace_no_records(cast: Cast, info: TypeInfo) -> None:
    """Outside a workspace every read raises, also by reference and refresh (fail closed)."""
    record = make(cast.system, info.key)
    with no_workspace():
        with pytest.raises(NoWorkspace):
            list(info.model.objects.all())
        with pytest.raises(NoWorkspace):
            record.refresh_from_db()
        with pytest.raises(NoWorkspace):
            record.delete()


@pytest.mark.parametrize(("type_key", "field_key", "group"), GUARDED)
def test_a_hidden_field_reads_as_unknown(cast: Cast, type_key: str, field_key: str, group: str) -> None:
    """Whoever lacks the field group cannot read, filter, sort, sum, set or find by the field, nor see its changes."""
    info = registry.get(type_key)
    field = info.fields[field_key]
    role = Role.objects.get(key="sales")
    Role.objects.filter(pk=role.pk).update(field_groups={k: v for k, v in role.field_groups.items() if k != group})
    canary = "987654321.12"
    given = {field_key: canary} if field.settable(creating=True) else {}
    record = _owned_by(cast, "ben", info, **given)
    ctx = cast.ctx("ben")
    assert field_key not in gate.fields(ctx, info)
    page = read_page(ctx, info)
    assert all(field_key not in row.values for row in page.rows)
    known = pytest.raises(Invalid, match="has no field|no field")
    with known:
        read_page(ctx, info, where=parse(f"{field_key} is not empty"))
    with known:
        read_page(ctx, info, sort=field_key)
    may_edit = gate.allows(ctx, info, "edit")
    with pytest.raises(Invalid if may_edit else Refused) as told:
        ctx.write(record, **{field_key: "1"})  # type: ignore[arg-type]
    assert "no field" in told.value.sentence or not may_edit
    lines = history(ctx, info, record.pk)  # type: ignore[attr-defined]
    assert field_key not in {f.key for line in lines for f, _old, _new in line.entries}
    assert not search(ctx, "987654321")


def test_unknown_and_hidden_fields_answer_alike(cast: Cast) -> None:
    """The sentence for a hidden field is that of a field that does not exist, name apart."""
    role = Role.objects.get(key="sales")
    Role.objects.filter(pk=role.pk).update(field_groups={})
    ctx, info = cast.ctx("ben"), registry.get("deal")
    told = []
    for key in ("amount", "nothing"):
        with pytest.raises(Invalid) as wrong:
            read_page(ctx, info, where=parse(f"{key} > 5"))
        told.append(wrong.value.sentence.replace(key, "X"))
    assert told[0] == told[1]


def test_bookkeeping_columns_cannot_be_set(cast: Cast, info: TypeInfo) -> None:
    """id, workspace, version, times and the like are refused in every write (mass assignment)."""
    ctx = cast.ctx("ana")
    record = make(_maker(cast, info), info.key)
    for key in ("id", "workspace", "workspace_id", "version", "custom", "deleted_at", "created_at", "created_by", "title_key"):
        with pytest.raises((Gone, Refused) if info.key in SEALED else Invalid):
            ctx.write(record, **{key: str(uuid4())})


def test_two_people_saving_one_record(cast: Cast, info: TypeInfo) -> None:
    """The same field: the later one is told, with both values. Different fields: both stand."""
    title = info.title_field
    if not title.settable(creating=False) or title.to or title.kind.key != "text":
        return
    ctx = cast.ctx("ana")
    record = make(ctx, info.key)
    seen = record.version
    ctx.write(gate.get(ctx, info, record.pk), **{title.key: "Thr"})
    with pytest.raises(Conflict) as told:
        ctx.write(gate.get(ctx, info, record.pk), expected_version=seen, **{title.key: "Yrs"})
    assert told.value.fields[title.key]["theirs"] == "Thr" and told.value.fields[title.key]["yours"] == "Yrs"
    if "external_id" in info.fields:
        ctx.write(gate.get(ctx, info, record.pk), expected_version=seen, external_id="E1")
        assert gate.get(ctx, info, record.pk).external_id == "E1"


def test_change_numbers_have_no_gaps(cast: Cast) -> None:
    """Numbers of a workspace's changes rise one by one, whatever failed in between."""
    from rapport.kernel.changes.models import Change

    ctx = cast.ctx("ana")
    for n in range(5):
        make(ctx, "customer", name=f"N{n}")
        with pytest.raises(Invalid):
            ctx.create("customer", name="", nonsense=n)
    numbers = list(Change.objects.filter(workspace_id=cast.home.pk).order_by("number").values_list("number", flat=True))
    assert numbers == list(range(1, len(numbers) + 1))


def test_diffs_are_json(cast: Cast, info: TypeInfo) -> None:
    """What the log keeps can be read back by any program."""
    ctx = _maker(cast, info)
    record = ctx.create(info.key, **values_for(ctx, info, every=True))
    for line in history(ctx, info, record.pk):
        json.dumps(line.change.diff)


def test_values_survive_a_round_trip(cast: Cast, info: TypeInfo) -> None:
    """What was written is what is read, for every field that can be set."""
    ctx = _maker(cast, info)
    given = values_for(ctx, info, every=True)
    record = ctx.create(info.key, **given)
    row = next(r for r in read_page(ctx, info, limit=200).rows if r.id == record.pk)
    for key in given:
        field = info.fields[key]
        if (info.key, key) in SETTLED:
            continue
        assert row[key] is not None or field.kind.blank(given[key]), key
        wanted = field.kind.clean(given[key], ctx.cleaning())
        assert row[key] == wanted or field.kind.blank(wanted), key


def test_value_factory_knows_every_kind() -> None:
    """A new kind used by a type needs a value in tests/factory.py, else the batteries would skip it silently."""
    missing = {
        f.kind.key
        for info in registry.all()
        for f in info.fields.values()
        if f.writable and not f.to and f.kind.key not in ("anyref", "file") and value_for(None, info, f) is None  # type: ignore[arg-type]
    }
    assert not missing
