"""Merging: everything that pointed at the one points at the other, and taking it back brings all of it back."""

from __future__ import annotations

import datetime as dt

import pytest
from django.apps import apps
from django.db import models

from rapport.engines.duplicates import registry as doubles
from rapport.engines.duplicates.merging import merge_now
from rapport.engines.duplicates.models import DuplicatePair, Merge
from rapport.engines.duplicates.unmerging import unmerge
from rapport.engines.privacy.erasing import erase_subject
from rapport.engines.timeline.models import TimelineLink
from rapport.kernel.access.models import Role
from rapport.kernel.access.sharing import share
from rapport.kernel.access.sharing_models import Grant
from rapport.kernel.changes.models import Change
from rapport.kernel.changes.values import read_value
from rapport.kernel.errors import Gone, Invalid, Refused
from rapport.kernel.kinds.anyref import AnyRefField, type_column
from rapport.kernel.records.model import Record
from rapport.kernel.records.registry import registry
from tests.cast import Cast, first_stage_id
from tests.factory import make

pytestmark = pytest.mark.django_db
CUSTOMER = registry.get("customer")


def two_people(cast: Cast, **more: object) -> tuple[Record, Record]:
    """Two records of one person, both Ben's."""
    system = cast.system
    one = make(system, "customer", kind="person", name="Maya Jensen", owner=cast.ben.pk, emails=["maya@example.org"], **more)
    other = make(system, "customer", kind="person", name="Jensen, Maja", owner=cast.ben.pk,
                 emails=["maya@example.org", "m.jensen@example.com"], phones="+353 1 555 0142", birthday="1990-04-01")  # fmt: skip
    return one, other


def pairs_for(cast: Cast, type_key: str, only: str) -> tuple[Record, Record]:
    """Two records that a reference with this condition may hold."""
    more = {"kind": "person" if "person" in only else "company"} if type_key == "customer" else {}
    return make(cast.system, type_key, name="One", **more), make(cast.system, type_key, name="Other", **more)


def references() -> list[tuple[str, str, str]]:
    """(type merged, type with the reference, its field): every column of every record table that may hold one."""
    found = []
    for identity in doubles.identities():
        model = registry.get(identity.type).model
        for info in registry.all():
            for column in info.model._meta.concrete_fields:
                to_it = isinstance(column, models.ForeignKey) and column.remote_field.model is model
                if to_it or isinstance(column, AnyRefField):
                    found.append((identity.type, info.key, column.name))
    return found


@pytest.mark.parametrize(("merged", "holder", "field"), references())
def test_each_reference_of_each_type_follows_and_comes_back(cast: Cast, merged: str, holder: str, field: str) -> None:
    """Found by the models' own columns, not by the walker's list: a reference it forgot fails here."""
    info = registry.get(holder)
    declared = info.fields[field]
    survivor, loser = pairs_for(cast, merged, declared.only or ("person" if holder == "consent" else ""))
    given = (merged, loser.pk) if declared.kind.key == "anyref" else loser.pk
    row = make(cast.system, holder, **{field: given})
    ctx = cast.ctx("ana")
    merge = merge_now(ctx, registry.get(merged), survivor.pk, loser.pk, {})
    assert registry.get(merged).model.objects.get(pk=loser.pk).deleted_at is not None
    assert points_at(info.model.objects.get(pk=row.pk), field) == survivor.pk
    unmerge(ctx, merge)
    assert points_at(info.model.objects.get(pk=row.pk), field) == loser.pk
    assert registry.get(merged).model.objects.get(pk=loser.pk).deleted_at is None


def points_at(row: Record, field: str) -> object:
    """The id a reference holds."""
    column = row._meta.get_field(field)
    if isinstance(column, AnyRefField):
        assert getattr(row, type_column(column.name))
    return getattr(row, column.attname)


def test_every_table_with_ids_of_records_has_said_what_a_merge_does_to_it() -> None:
    """A table that is no record type and keeps ids: it moves, or stays for a reason that is written down."""
    known = {holder.model.lower() for holder in doubles.holders()} | {label.lower() for label in doubles.STAYS}
    known.add("duplicates.duplicatepair")  # the walker's own
    names = ("record_id", "story_id", "entry_id", "one_id", "other_id", "survivor_id", "loser_id", "subject_id")
    for model in apps.get_models():
        if not issubclass(model, Record) and any(column.name in names for column in model._meta.concrete_fields):
            assert model._meta.label_lower in known, f"{model._meta.label}: register_holder() or STAYS?"


def test_nothing_is_lost_and_the_survivor_has_its_say(cast: Cast) -> None:
    """Lists are united, blanks are filled, what both say stays as the survivor has it; a pick overrules."""
    one, other = two_people(cast, note="Likes tea")
    cast.system.write(other, note="Met in Cork", source="call")
    merge_now(cast.ctx("ana"), CUSTOMER, one.pk, other.pk, {"name": "other"})
    got = CUSTOMER.model.objects.get(pk=one.pk)
    assert [entry["value"] for entry in got.emails] == ["maya@example.org", "m.jensen@example.com"]
    assert got.phones and got.birthday == dt.date(1990, 4, 1) and got.source == "call"
    assert got.note == "Likes tea\n\nMet in Cork" and got.name == "Jensen, Maja"


def test_shares_stories_filters_and_custom_references_follow(cast: Cast) -> None:
    """What is no reference of a record: grants, carried stories, saved filters, and decided pairs."""
    one, other = two_people(cast)
    third = make(cast.system, "customer", kind="person", name="Third")
    ctx = cast.ctx("ana")
    share(ctx, other, cast.cem.pk, level="read")
    entry = make(cast.system, "activity", customer=third.pk)
    TimelineLink.objects.create(
        workspace=cast.home, story_id=other.pk, entry_type="activity", entry_id=entry.pk, at=ctx.format.now
    )
    view = make(cast.system, "view", name="Hers", matching=f"parent is {other.pk}")
    low, high = sorted([third.pk, other.pk])
    DuplicatePair.objects.create(workspace=cast.home, type="customer", one_id=low, other_id=high, score=80, state="apart")
    merge = merge_now(ctx, CUSTOMER, one.pk, other.pk, {})
    assert Grant.objects.filter(workspace=cast.home, record_id=one.pk, principal=f"u:{cast.cem.pk.hex}").exists()
    assert TimelineLink.objects.filter(workspace=cast.home, story_id=one.pk, entry_id=entry.pk).exists()
    view.refresh_from_db()
    assert str(one.pk) in view.matching and str(other.pk) not in view.matching
    assert (
        DuplicatePair.objects.get(workspace=cast.home, one_id=min(one.pk, third.pk), other_id=max(one.pk, third.pk)).state
        == "apart"
    )
    unmerge(ctx, merge)
    view.refresh_from_db()
    assert str(other.pk) in view.matching
    assert Grant.objects.filter(workspace=cast.home, record_id=other.pk, principal=f"u:{cast.cem.pk.hex}").exists()
    assert not Grant.objects.filter(workspace=cast.home, record_id=one.pk, principal=f"u:{cast.cem.pk.hex}").exists()
    assert TimelineLink.objects.filter(workspace=cast.home, story_id=other.pk, entry_id=entry.pk).exists()
    assert DuplicatePair.objects.filter(workspace=cast.home, one_id=low, other_id=high, state="apart").exists()


def test_the_same_place_twice_is_one_place_and_nobody_knows_themselves(cast: Cast) -> None:
    """Two affiliations to one company become one unless the second says more; a tie between the two goes."""
    one, other = two_people(cast)
    firm = make(cast.system, "customer", kind="company", name="Aldersley")
    kept = cast.system.create("affiliation", person=one.pk, company=firm.pk, job_title="Buyer")
    twin = cast.system.create("affiliation", person=other.pk, company=firm.pk)
    more = cast.system.create("affiliation", person=other.pk, company=firm.pk, job_title="Director")
    tie = cast.system.create("relationship", one=one.pk, other=other.pk, tie="partner_of")
    merge = merge_now(cast.ctx("ana"), CUSTOMER, one.pk, other.pk, {})
    model = registry.get("affiliation").model
    assert set(model.objects.filter(person_id=one.pk, deleted_at=None).values_list("pk", flat=True)) == {kept.pk, more.pk}
    assert registry.get("relationship").model.objects.get(pk=tie.pk).deleted_at is not None
    unmerge(cast.ctx("ana"), merge)
    assert set(model.objects.filter(person_id=other.pk, deleted_at=None).values_list("pk", flat=True)) == {twin.pk, more.pk}
    tie.refresh_from_db()
    assert tie.deleted_at is None and (tie.one_id, tie.other_id) == (one.pk, other.pk)


def test_a_company_does_not_stand_above_itself(cast: Cast) -> None:
    """The parent is merged into its daughter."""
    top = make(cast.system, "customer", kind="company", name="Holding")
    mother = make(cast.system, "customer", kind="company", name="Acme", parent=top.pk)
    daughter = make(cast.system, "customer", kind="company", name="Acme Ltd", parent=mother.pk)
    merge = merge_now(cast.ctx("ana"), CUSTOMER, daughter.pk, mother.pk, {})
    daughter.refresh_from_db()
    assert daughter.parent_id == top.pk
    unmerge(cast.ctx("ana"), merge)
    daughter.refresh_from_db()
    assert daughter.parent_id == mother.pk


def test_unmerge_leaves_what_came_and_changed_since(cast: Cast) -> None:
    """Rows that came later stay with the survivor, values people changed stay; what the merge brought goes."""
    one, other = two_people(cast)
    deal = make(cast.system, "deal", customer=other.pk, stage=first_stage_id())
    ctx = cast.ctx("ana")
    merge = merge_now(ctx, CUSTOMER, one.pk, other.pk, {})
    got = CUSTOMER.model.objects.get(pk=one.pk)
    ctx.write(got, birthday="1991-05-05", emails=[*got.emails, {"value": "new@example.org", "label": ""}])
    later = make(cast.system, "deal", customer=one.pk, stage=first_stage_id())
    merge = unmerge(ctx, merge)
    got.refresh_from_db()
    deal.refresh_from_db()
    later.refresh_from_db()
    assert got.birthday == dt.date(1991, 5, 5) and not got.phones
    assert [entry["value"] for entry in got.emails] == ["maya@example.org", "new@example.org"]
    assert deal.customer_id == other.pk and later.customer_id == one.pk
    assert merge.stayed == {"changed": ["birthday", "emails"], "later": 1}
    with pytest.raises(Gone):
        unmerge(ctx, merge)


def test_what_lay_in_the_bin_follows_when_it_comes_back(cast: Cast) -> None:
    """To the survivor while the merge stands, to the loser once it was taken back."""
    one, other = two_people(cast)
    waiting = make(cast.system, "task", customer=other.pk)
    moved = make(cast.system, "task", customer=other.pk)
    cast.system.delete(waiting)
    ctx = cast.ctx("ana")
    merge = merge_now(ctx, CUSTOMER, one.pk, other.pk, {})
    ctx.restore(type(waiting).objects.get(pk=waiting.pk))
    waiting.refresh_from_db()
    assert waiting.customer_id == one.pk
    cast.system.delete(type(moved).objects.get(pk=moved.pk))
    unmerge(ctx, merge)
    ctx.restore(type(moved).objects.get(pk=moved.pk))
    moved.refresh_from_db()
    assert moved.customer_id == other.pk


def test_one_cause_for_all_and_a_line_in_the_story(cast: Cast) -> None:
    """The log ties every step to the merge."""
    one, other = two_people(cast)
    make(cast.system, "task", customer=other.pk)
    merge = merge_now(cast.ctx("ana"), CUSTOMER, one.pk, other.pk, {})
    rows = Change.objects.filter(workspace=cast.home, cause_id=merge.pk)
    assert set(rows.values_list("verb", flat=True)) == {"update", "delete", "merged"}
    assert set(rows.values_list("actor_id", flat=True)) == {cast.ana.pk}
    assert "merged" in cast.client("ana").get(f"/customer/{one.pk}").content.decode().lower()


def test_who_lacks_a_right_merges_nothing(cast: Cast) -> None:
    """A stranger's record is not there; without the right to merge, edit or delete it is refused."""
    one, other = two_people(cast)
    foreign = make(cast.system, "customer", kind="person", name="Cem's", owner=cast.cem.pk)
    firm = make(cast.system, "customer", kind="company", name="Firm", owner=cast.ben.pk)
    with pytest.raises(Gone):
        merge_now(cast.ctx("ben"), CUSTOMER, one.pk, foreign.pk, {})
    with pytest.raises(Invalid):
        merge_now(cast.ctx("ben"), CUSTOMER, one.pk, firm.pk, {})
    with pytest.raises(Invalid):
        merge_now(cast.ctx("ben"), CUSTOMER, one.pk, one.pk, {})
    role = Role.objects.get(key="sales")
    rights = role.rights["customer"]
    for verb in ("merge", "edit", "delete"):
        Role.objects.filter(pk=role.pk).update(rights={**role.rights, "customer": {k: v for k, v in rights.items() if k != verb}})
        with pytest.raises(Refused):
            merge_now(cast.ctx("ben"), CUSTOMER, one.pk, other.pk, {})
    Role.objects.filter(pk=role.pk).update(rights=role.rights)
    assert merge_now(cast.ctx("ben"), CUSTOMER, one.pk, other.pk, {}).state == Merge.DONE


def test_a_field_one_may_not_see_is_neither_lost_nor_picked(cast: Cast) -> None:
    """Filled where it was empty, left where it was not, whatever was asked for."""
    from tests.cast import hide_group

    one, other = two_people(cast)
    cast.system.write(other, turnover="777")
    hide_group(cast, "sales", "customers.figures")
    merge = merge_now(cast.ctx("ben"), CUSTOMER, one.pk, other.pk, {"turnover": "one"})
    got = CUSTOMER.model.objects.get(pk=one.pk)
    assert read_value(got, CUSTOMER.fields["turnover"]) == read_value(
        CUSTOMER.model.objects.get(pk=other.pk), CUSTOMER.fields["turnover"]
    )
    unmerge(cast.ctx("ben"), merge)
    got.refresh_from_db()
    assert read_value(got, CUSTOMER.fields["turnover"]) is None


def test_old_addresses_lead_to_the_survivor(cast: Cast) -> None:
    """Web and API; for a stranger there is nothing."""
    one, other = two_people(cast)
    merge = merge_now(cast.ctx("ana"), CUSTOMER, one.pk, other.pk, {})
    answer = cast.client("ben").get(f"/customer/{other.pk}")
    assert answer.status_code == 302 and answer.headers["Location"] == f"/customer/{one.pk}"
    assert cast.api("ben").get(f"/api/v1/customer/{other.pk}").json()["id"] == str(one.pk)
    assert cast.client("cem").get(f"/customer/{other.pk}").status_code == 404
    assert cast.api("cem").get(f"/api/v1/customer/{other.pk}").status_code == 404
    unmerge(cast.ctx("ana"), merge)
    assert cast.client("ben").get(f"/customer/{other.pk}").status_code == 200


def test_an_erasure_takes_what_was_merged_in_along(cast: Cast) -> None:
    """The record in the bin is the same person; no snapshot keeps their data."""
    one, other = two_people(cast)
    ctx = cast.ctx("ana")
    merge = merge_now(ctx, CUSTOMER, one.pk, other.pk, {})
    one.refresh_from_db()
    erase_subject(ctx, one, reason="asked")
    other.refresh_from_db()
    merge.refresh_from_db()
    assert "Jensen" not in other.name and not other.emails and other.birthday is None
    assert not merge.values and not merge.moves.exists() and merge.settled_at is not None
    with pytest.raises((Gone, Refused)):
        unmerge(ctx, merge)


def test_custom_references_follow(cast: Cast) -> None:
    """A reference that a company added itself lives in JSON and moves all the same."""
    one, other = two_people(cast)
    cast.system.create("custom_field", on_type="deal", key="c_broker", label="Broker", kind="reference", to_type="customer")
    cast.home.refresh_from_db()
    deal = make(cast.ctx("ana"), "deal", stage=first_stage_id(), c_broker=other.pk)
    merge = merge_now(cast.ctx("ana"), CUSTOMER, one.pk, other.pk, {})
    deal.refresh_from_db()
    assert deal.custom == {"c_broker": str(one.pk)}
    unmerge(cast.ctx("ana"), merge)
    deal.refresh_from_db()
    assert deal.custom == {"c_broker": str(other.pk)}
