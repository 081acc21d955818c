"""Changing many records at once: the checks, the log and the reach of one write, in a fixed number of queries."""

from __future__ import annotations

import datetime as dt
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from rapport.kernel.access import gate
from rapport.kernel.access.models import Role
from rapport.kernel.changes import many
from rapport.kernel.changes.bulk import insert_rows
from rapport.kernel.changes.making import Maker
from rapport.kernel.changes.models import Change
from rapport.kernel.context import Context
from rapport.kernel.errors import Conflict, Gone, Invalid, Refused
from rapport.kernel.ids import id_at
from rapport.kernel.money import Money
from rapport.kernel.query.models import IndexedValue, SearchEntry
from rapport.kernel.query.search import search
from rapport.kernel.records.registry import registry
from tests.cast import Cast


def companies(ctx: Context, count: int, **more: object) -> list[UUID]:
    """So many companies."""
    made = ctx.create_many("customer", [{"name": f"Company {n}", **more} for n in range(count)])
    assert not made.errors
    return list(made.ids.values())


def read(pk: UUID):
    """The record as it is stored."""
    return registry.get("customer").model.objects.get(pk=pk)


def test_many_edits_save_log_and_index(cast: Cast) -> None:
    ctx = cast.ctx("ana")
    ids = companies(ctx, 30)
    done = ctx.write_many("customer", [(pk, {"name": f"Ménage {n}", "tags": ["vip"], "turnover": n * 100}) for n, pk in enumerate(ids)])
    assert not done.errors and len(done.ids) == 30 and done.unchanged == 0
    stored = read(ids[7])
    assert (stored.name, stored.title_key, stored.tags, stored.turnover, stored.turnover_base) == ("Ménage 7", "menage 7", ["vip"], 70000, 70000)
    assert stored.version == 2 and stored.created_at < stored.updated_at
    change = Change.objects.filter(record_id=ids[7]).order_by("-number").first()
    assert change.verb == "update" and change.version == 2 and change.actor_id == cast.ana.pk
    assert change.diff["name"] == ["Company 7", "Ménage 7"] and change.diff["tags"] == [None, ["vip"]]
    assert ids[7] in {h.id for h in search(ctx, "menage", limit=50)} and not search(ctx, "company")


def test_the_number_of_queries_does_not_grow(cast: Cast) -> None:
    ctx = cast.ctx("ana")
    counts = []
    for size in (5, 50):
        ids = companies(ctx, size)
        with CaptureQueriesContext(connection, ) as seen:
            ctx.write_many("customer", [(pk, {"stage": "lost", "note": "x"}) for pk in ids])
        # SQLite updates row by row, without a round trip; everything else is once for all.
        counts.append(len([q for q in seen if not q["sql"].startswith("UPDATE \"customers_customer\"")]))
    assert counts[0] == counts[1]


def test_values_that_stay_are_no_change(cast: Cast) -> None:
    ctx = cast.ctx("ana")
    ids = companies(ctx, 4, stage="lead")
    logged = Change.objects.count()
    done = ctx.write_many("customer", [(pk, {"stage": "lead"}) for pk in ids])
    assert done.unchanged == 4 and Change.objects.count() == logged and read(ids[0]).version == 1


def test_wrong_rows_are_told_and_the_rest_is_saved(cast: Cast) -> None:
    ctx = cast.ctx("ana")
    ids = companies(ctx, 4)
    stranger = uuid4()
    done = ctx.write_many("customer", [
        (ids[0], {"stage": "lost"}), (ids[1], {"stage": "nonsense"}), (stranger, {"stage": "lost"}),
        (ids[2], {"nothing": 1}), (ids[3], {"name": ""}),
    ])  # fmt: skip
    assert set(done.ids) == {0}
    assert isinstance(done.errors[1], Invalid) and isinstance(done.errors[2], Gone)
    assert isinstance(done.errors[3], Invalid) and isinstance(done.errors[4], Invalid)
    assert read(ids[0]).stage == "lost" and read(ids[1]).version == 1


def test_one_record_twice_is_written_in_order(cast: Cast) -> None:
    ctx = cast.ctx("ana")
    (pk,) = companies(ctx, 1)
    done = ctx.write_many("customer", [(pk, {"note": "first"}), (pk, {"note": "second"}), (pk, {"stage": "lost"})])
    stored = read(pk)
    assert (stored.note, stored.stage, stored.version) == ("second", "lost", 4) and len(done.ids) == 3


def test_what_may_not_be_edited_is_refused(cast: Cast) -> None:
    """Ben edits team North; what is Cem's he does not even see."""
    bens = companies(cast.ctx("ben"), 2)
    cems = companies(cast.ctx("cem"), 1)
    done = cast.ctx("ben").write_many("customer", [(pk, {"note": "x"}) for pk in [*bens, *cems]])
    assert set(done.ids) == {0, 1} and isinstance(done.errors[2], Gone)
    role = Role.objects.get(key="sales")
    Role.objects.filter(pk=role.pk).update(rights={**role.rights, "customer": {**role.rights["customer"], "view": "all"}})
    done = cast.ctx("ben").write_many("customer", [(pk, {"note": "y"}) for pk in [*bens, *cems]])
    assert set(done.ids) == {0, 1} and isinstance(done.errors[2], Refused)


def test_a_record_that_would_leave_the_reach_stays_as_it_was(cast: Cast) -> None:
    """Giving a customer to the other team takes it out of Ben's sight: refused, the others are saved."""
    ctx = cast.ctx("ben")
    ids = companies(ctx, 3)
    logged = Change.objects.count()
    done = ctx.write_many("customer", [(ids[0], {"note": "x"}), (ids[1], {"owner": cast.cem.pk}), (ids[2], {"note": "z"})])
    assert set(done.ids) == {0, 2} and isinstance(done.errors[1], Refused) and done.errors[1].code == "out_of_reach"
    kept = read(ids[1])
    assert (kept.owner_id, kept.version) == (cast.ben.pk, 1) and Change.objects.count() == logged + 2
    assert read(ids[2]).note == "z" and read(ids[2]).version == 2


def test_a_new_owner_brings_the_team(cast: Cast) -> None:
    ids = companies(cast.ctx("ana"), 3)
    cast.ctx("ana").write_many("customer", [(pk, {"owner": cast.cem.pk}) for pk in ids])
    assert {read(pk).team_id for pk in ids} == {cast.cem.team_id}


def test_somebody_elses_save_makes_a_conflict(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """The version is compared in the UPDATE itself: what was saved in between is never overwritten."""
    ctx = cast.ctx("ana")
    ids = companies(ctx, 3)
    update = many.update_rows

    def save_in_between(model, names, rows):
        model.objects.filter(pk=ids[1]).update(note="theirs", version=2)
        return update(model, names, rows)

    monkeypatch.setattr(many, "update_rows", save_in_between)
    logged = Change.objects.count()
    done = ctx.write_many("customer", [(pk, {"note": "mine"}) for pk in ids])
    assert set(done.ids) == {0, 2} and isinstance(done.errors[1], Conflict)
    assert read(ids[1]).note == "theirs" and read(ids[0]).note == "mine" and Change.objects.count() == logged + 2


def test_every_kind_of_column_survives(cast: Cast) -> None:
    """Text with quotes, tabs and accents, dates, money, lists, references, emptied fields; the same on both databases."""
    ctx = cast.ctx("ana")
    ids = companies(ctx, 2, website="https://old.example", founded=1990)
    given = {
        "name": "O'Brien \"&\" Söhne\\ {x}", "note": "a\tb\nc, {d} \\N NULL ''", "turnover": Money(12345, "EUR"), "employees": 3,
        "emails": ["a'b@example.com"], "phones": ["+35315550142"], "tags": ["x, y", "é"], "parent": ids[1],
        "addresses": [{"street": "1 \"Main\" St", "city": "Köln", "country": "DE"}], "website": None, "founded": None,
        "birthday": dt.date(1980, 2, 29), "roles": ["customer", "partner"],
    }  # fmt: skip
    done = ctx.write_many("customer", [(ids[0], given)])
    assert not done.errors, done.errors
    many_way = read(ids[0])
    other = ctx.create("customer", name="Other", website="https://old.example", founded=1990)
    ctx.write(other, **given)
    for f in many_way._meta.concrete_fields:
        if f.name not in ("id", "updated_at", "created_at"):
            assert getattr(many_way, f.attname) == getattr(other, f.attname), f.name


def test_derived_steps_are_kept_set_wise(cast: Cast) -> None:
    """Tasks for many customers put their next steps there with as many queries as tasks for few."""
    ctx = cast.ctx("ana")
    counts = []
    for size in (3, 40):
        ids = companies(ctx, size)
        rows = [{"subject": f"Call {n}", "customer": pk, "due_on": dt.date(2026, 12, n % 28 + 1)} for n, pk in enumerate(ids)]
        with CaptureQueriesContext(connection) as seen:
            assert not ctx.create_many("task", rows).errors
        counts.append(len([q for q in seen if not q["sql"].startswith("UPDATE \"customers_customer\"")]))
        assert read(ids[2]).next_step == "Call 2" and read(ids[2]).next_step_on == dt.date(2026, 12, 3)
    assert counts[0] == counts[1]
    at = dt.datetime(2026, 1, 5, 9, tzinfo=dt.UTC)
    ctx.create_many("activity", [{"kind": "call", "subject": "x", "customer": pk, "happened_at": at} for pk in ids])
    assert {read(pk).last_contact_at for pk in ids} == {at}
    change = Change.objects.filter(record_id=ids[0], verb="update").order_by("-number").first()
    assert change.actor_id == cast.ana.pk and change.action == "last contact"


def test_quick_columns_equal_djangos(cast: Cast) -> None:
    """What the set-wise insert stores reads back as what the model's own save stores."""
    ctx = cast.ctx("ana")
    values = {"kind": "call", "subject": "Ä", "happened_at": dt.datetime(2026, 3, 1, 9, 5, 7, 123, dt.UTC), "minutes": 4}
    single = ctx.create("activity", **values)
    (pk,) = ctx.create_many("activity", [values]).ids.values()
    model = registry.get("activity").model
    one, two = model.objects.get(pk=single.pk), model.objects.get(pk=pk)
    for f in model._meta.concrete_fields:
        if f.name not in ("id", "created_at", "updated_at"):
            assert getattr(one, f.attname) == getattr(two, f.attname), f.name
    with connection.cursor() as cursor:
        cursor.execute("SELECT happened_at FROM activities_activity")
        assert len({str(row[0]) for row in cursor.fetchall()}) == 1
    # Times of other zones and naive ones go Django's way.
    assert model.objects.filter(happened_at=values["happened_at"].astimezone(dt.timezone(dt.timedelta(hours=2)))).count() == 2


def test_created_by_the_system_in_the_past_sorts_there(cast: Cast) -> None:
    """An id made for a moment sorts by that moment, as `created` sorts by id."""
    old, new = dt.datetime(2020, 5, 1, tzinfo=dt.UTC), dt.datetime(2024, 5, 1, tzinfo=dt.UTC)
    assert id_at(old) < id_at(new) and id_at(old) != id_at(old) and id_at(old).version == 7
    made = cast.system.create("customer", name="Old friend", created_at=old)
    assert made.created_at == old and str(made.pk) < str(id_at(new))
    with pytest.raises(Invalid):
        cast.ctx("ana").create("customer", name="Liar", created_at=old)


def test_reach_of_everything(cast: Cast) -> None:
    """`sees_all` is what lets set-wise writing skip the question for each record; it must not be true too often."""
    info = registry.get("customer")
    assert gate.sees_all(cast.ctx("ana"), info) and gate.sees_all(cast.system, info)
    assert not gate.sees_all(cast.ctx("ben"), info)
    assert not gate.sees_all(cast.ctx("ana"), registry.get("affiliation"))
    insert_rows(Change, ("id",), [])


def test_cleaned_rows_still_have_their_references_checked(cast: Cast) -> None:
    """An importer vouches for shapes, never for what a row may point at: links of any type are looked at too."""
    theirs = companies(cast.ctx("cem"), 1)[0]
    mine = companies(cast.ctx("ben"), 1)[0]
    at = dt.datetime(2026, 1, 5, 9, tzinfo=dt.UTC)
    rows = [
        {"kind": "note", "subject": "x", "happened_at": at, "about": ("customer", theirs)},
        {"kind": "note", "subject": "x", "happened_at": at, "customer": theirs},
        {"kind": "note", "subject": "x", "happened_at": at, "about": ("customer", mine)},
    ]
    done = cast.ctx("ben").create_many("activity", rows, cleaned=True)
    assert set(done.ids) == {2} and all(isinstance(wrong, Invalid) for wrong in done.errors.values())


def stored(pk: UUID) -> dict[str, object]:
    """Everything a new customer left behind, but ids and moments."""
    one = read(pk)
    columns = {f.attname: getattr(one, f.attname) for f in one._meta.concrete_fields}
    for name in ("id", "created_at", "updated_at"):
        columns.pop(name)
    change = Change.objects.get(record_id=pk)
    return {
        "columns": columns,
        "keys": sorted(IndexedValue.objects.filter(record_id=pk).values_list("field", "key")),
        "words": sorted(SearchEntry.objects.filter(record_id=pk).values_list("group", "title_key", "text")),
        "log": (change.diff, change.verb, change.version, change.actor_id, change.actor_name, change.surface),
    }


def test_what_comes_with_many_is_stored_as_what_comes_alone(cast: Cast) -> None:
    """Columns, keys, words and log entry are the same, whichever way a record was made and however it was cleaned."""
    ctx = cast.ctx("ana")
    given = {
        "name": "Zoë  Ångström", "kind": "person", "emails": ["work: Zoe@Example.org", "zoe@gmail.com"],
        "phones": ["+353850000001", "01 555 0142 x12", "+44 20 7946 0958", "ring 12345"], "birthday": "1980-02-29",
        "addresses": [{"street": "1 Airport Road", "city": "Cork", "country": "IE"}], "tags": "Imported, VIP",
        "turnover": "12,500 USD", "roles": ["customer"], "website": "https://example.org", "employees": 0,
    }  # fmt: skip
    fields, cleaning = gate.fields(ctx, registry.get("customer"), edit=True), ctx.cleaning()
    ready = {key: fields[key].kind.clean(value, cleaning) for key, value in given.items()}
    alone = stored(ctx.create("customer", **given).pk)
    together = ctx.create_many("customer", [given, {"name": "Another"}, given])
    clean = ctx.create_many("customer", [{"name": "Another"}, ready, ready], cleaned=True)
    assert not together.errors and not clean.errors
    for pk in (together.ids[0], together.ids[2], clean.ids[1], clean.ids[2]):
        found = stored(pk)
        for part, one in alone.items():
            assert found[part] == one, part


def test_lists_of_new_records_are_their_own(cast: Cast) -> None:
    """What is alike for a batch is worked out once; what can change is not shared."""
    ctx, model = cast.ctx("ana"), registry.get("customer").model
    maker = Maker(ctx, registry.get("customer"), gate.fields(ctx, registry.get("customer"), edit=True))
    one, other = maker.made({"name": "One"}), maker.made({"name": "Other"})
    assert isinstance(one, model) and one.pk != other.pk
    one.tags.append("mine")  # type: ignore[attr-defined]
    one.custom["c_mine"] = 1
    assert other.tags == [] and other.custom == {}  # type: ignore[attr-defined]
