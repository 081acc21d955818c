"""The sample company: same seed, same data; believable shares; people who can sign in; removal that spares real data."""

from __future__ import annotations

import datetime as dt

import phonenumbers
import pytest
from django.apps import apps
from django.test import Client

from rapport.engines.sample import places
from rapport.engines.sample.remove import remove_sample_workspace
from rapport.engines.sample.workspace import fill_sample_workspace, make_sample_workspace
from rapport.kernel.access.current import use_workspace
from rapport.kernel.access.models import Account, User, Workspace
from rapport.kernel.access.setup import create_workspace
from rapport.kernel.changes.models import Change
from rapport.kernel.context import context_for
from rapport.kernel.errors import Refused
from rapport.kernel.query.read import read_page
from rapport.kernel.query.search import search
from rapport.kernel.query.text import parse
from rapport.kernel.records.registry import registry
from rapport.surfaces.cli.main import main

DAY = dt.date(2026, 11, 20)
#: What may differ between two makings: ids, bookkeeping, and whose ids stand in references.
_FREE = {"id", "workspace_id", "created_at", "updated_at", "owner_id", "team_id", "created_by_id", "last_contact_at", "moved_at"}


def shape(workspace: Workspace) -> dict[str, list[tuple[object, ...]]]:
    """All values of a workspace but ids and moments of writing."""
    found = {}
    with use_workspace(workspace):
        for key in ("customer", "affiliation", "preference", "relationship", "deal", "lead", "task", "activity"):
            model = registry.get(key).model
            names = [
                f.attname for f in model._meta.concrete_fields
                if f.attname not in _FREE and not f.is_relation and f.get_internal_type() != "UUIDField"
            ]  # fmt: skip
            found[key] = sorted(map(repr, model.objects.values_list(*names)))
    return found


@pytest.mark.django_db
def test_same_seed_same_data() -> None:
    one, _people = make_sample_workspace(60, 7, today=DAY)
    two, _people = make_sample_workspace(60, 7, today=DAY)
    other, _people = make_sample_workspace(60, 8, today=DAY)
    assert shape(one) == shape(two)
    assert shape(one)["customer"] != shape(other)["customer"]


@pytest.mark.django_db
def test_a_believable_company() -> None:
    """Shares per 1,000 customers; everything refers to something; the day is alive for everybody."""
    workspace, people = make_sample_workspace(200, 1)
    assert workspace.is_sample and workspace.currency == "EUR" and len(people) == 8
    with use_workspace(workspace):
        count = {i.key: i.model.objects.count() for i in registry.all()}
        assert count["customer"] == 200
        for key, low, high in (("activity", 450, 800), ("deal", 75, 135), ("task", 60, 130), ("lead", 20, 28), ("affiliation", 60, 95)):
            assert low <= count[key] <= high, (key, count[key])
        # Written complete: nothing had to be derived after the fact but what happened today and how complaints end.
        updates = Change.objects.filter(workspace=workspace, verb="update").exclude(type__in=("team", "complaint"))
        assert set(updates.values_list("action", flat=True)) <= {"last contact", "publish"}
        today = dt.datetime.now(dt.UTC).date()
        for user in User.objects.all():
            ctx = context_for(user, "test")
            due = read_page(ctx, registry.get("task"), where=parse("owner is me and state is open and due_on <= today"))
            done = read_page(ctx, registry.get("activity"), where=parse(f"owner is me and happened_at >= {today}"))
            assert len(due.rows) >= 2 and len(done.rows) >= 3, user.name
        ctx = context_for(User.objects.get(role__key="owner"), "test")
        won = read_page(ctx, registry.get("deal"), where=parse("stage.outcome is won and reason is not empty"))
        assert won.rows and all(row["closed_on"] and row["customer"] for row in won.rows)
        assert search(ctx, read_page(ctx, registry.get("customer"), sort="name").rows[0]["name"])


@pytest.mark.django_db
def test_people_can_sign_in_with_the_printed_passwords(client: Client) -> None:
    _workspace, people = make_sample_workspace(5, 1)
    assert len({password for _name, _email, password in people}) == len(people)
    assert all(Account.objects.get(email=email).check_password(password) for _name, email, password in people)
    assert all(len(password) >= 16 for _name, _email, password in people)


def test_every_phone_is_one_of_its_country() -> None:
    from rapport.engines.sample.draw import Draw

    draw = Draw(3)
    for country in places.COUNTRIES:
        for mobile in (True, False):
            for _n in range(40):
                number = phonenumbers.parse(draw.phone(country, mobile=mobile)["value"])
                assert phonenumbers.is_valid_number(number), (country.code, number)
                assert phonenumbers.region_code_for_number(number) == country.code


@pytest.mark.django_db
def test_removal_takes_the_sample_and_nothing_else() -> None:
    real, owner = create_workspace("Real", owner_name="Rea", email="rea@example.com", password="correct horse battery")
    sample, people = make_sample_workspace(30, 1)
    with use_workspace(real):
        context_for(owner, "test").create("customer", name="Kept & Sons")
    with pytest.raises(Refused):
        remove_sample_workspace(real)
    with pytest.raises(Refused):
        fill_sample_workspace(real, 10, 1)
    assert remove_sample_workspace(sample) > 100
    assert not Workspace.objects.filter(pk=sample.pk).exists()
    assert not Account.objects.filter(email__in=[email for _name, email, _password in people]).exists()
    for model in apps.get_models():
        if any(f.attname == "workspace_id" for f in model._meta.concrete_fields):
            left = model._base_manager
            with use_workspace(sample.pk):
                assert not left.filter(workspace_id=sample.pk).exists(), model
    with use_workspace(real):
        ctx = context_for(User.objects.get(pk=owner.pk), "test")
        assert [hit.title for hit in search(ctx, "kept")] == ["Kept & Sons"]


@pytest.mark.django_db
def test_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    """Make, add, remove; wrong numbers and nothing to remove are told in a sentence."""
    assert main(["sample", "--remove"]) == 1
    assert "no sample workspace" in capsys.readouterr().err
    assert main(["sample", "--customers", "0"]) == 1
    assert main(["sample", "--customers", "30", "--seed", "2", "--new-workspace"]) == 0
    told = capsys.readouterr()
    assert len(told.out.splitlines()) == 8 and "@skylark-aircraft.example" in told.out and "records/s" in told.err
    assert main(["sample", "--customers", "25"]) == 0
    assert capsys.readouterr().out == ""
    sample = Workspace.objects.get(is_sample=True)
    with use_workspace(sample):
        assert registry.get("customer").model.objects.count() == 55
    assert main(["sample", "--remove"]) == 0
    assert not Workspace.objects.filter(is_sample=True).exists()
