"""The top of a customer's page: what to know before one calls, and a health that explains itself or is not there."""

from __future__ import annotations

import datetime as dt
import re

import pytest

from rapport.kernel.access.models import Role
from rapport.kernel.records.registry import registry
from rapport.modules.customers.local_time import local_time
from tests.cast import Cast, first_stage_id, hide_group


@pytest.fixture
def hotel(cast: Cast) -> object:
    """A company of Ben's."""
    return cast.ctx("ben").create(
        "customer", name="Hotel Aldersley", kind="company", phones="+353 1 555 0140", language="de",
        addresses=[{"city": "Tokyo", "country": "JP"}],
    )  # fmt: skip


def brief(cast: Cast, record: object, who: str = "ben") -> str:
    page = cast.client(who).get(f"/customer/{record.pk}").content.decode()
    found = re.search(r'<div id="brief">(.*?)</dl>', page, re.S)
    return re.sub(r"<[^>]+>", " ", found[1]) if found else ""


def health(cast: Cast, record: object, who: str = "ben") -> tuple[int, str] | None:
    page = cast.client(who).get(f"/customer/{record.pk}").content.decode()
    found = re.search(r"> (\d+) of 100.*?<ul[^>]*>(.*?)</ul>", page, re.S)
    return (int(found[1]), re.sub(r"<[^>]+>", " ", found[2])) if found else None


def test_brief_says_what_one_should_know(cast: Cast, hotel: object) -> None:
    """Phone to click, time there, language, last contact with who and what, open tasks, deals, preferences."""
    ctx = cast.ctx("ben")
    ctx.create("activity", kind="call", subject="Price of decaf", outcome="Wants an offer", customer=hotel.pk, happened_at=ctx.format.now - dt.timedelta(days=3))
    ctx.create("task", subject="Send the offer", due_on=ctx.format.today - dt.timedelta(days=1), customer=hotel.pk)
    ctx.create("task", subject="Visit", due_on=ctx.format.today + dt.timedelta(days=9), customer=hotel.pk)
    ctx.create("deal", name="Bar", customer=hotel.pk, stage=first_stage_id(), amount="8900")
    ctx.create("preference", customer=hotel.pk, what="Delivery", wish="Rear door")
    said = brief(cast, hotel)
    for words in (
        "01 555 0140", "German", "3 days ago by Ben Moore", "Price of decaf · Wants an offer", "2 open tasks, 1 overdue",
        "Send the offer", "1 open deal", "€8,900", "Delivery", "Rear door", "Time there",
    ):  # fmt: skip
        assert words in said, words
    page = cast.client("ben").get(f"/customer/{hotel.pk}").content.decode()
    assert 'href="tel:+35315550140"' in page.split('id="brief"')[1].split("</dl>")[0]


def test_brief_keeps_to_the_gate(cast: Cast, hotel: object) -> None:
    """No amounts without the group, no sensitive wish, and nothing of a colleague's call that is not to be seen."""
    ctx = cast.ctx("ana")
    ctx.create("deal", name="Bar", customer=hotel.pk, stage=first_stage_id(), amount="8900", owner=cast.ben.pk)
    ctx.create("preference", customer=hotel.pk, what="Diet", wish="Coeliac", is_sensitive=True)
    ctx.create("activity", kind="call", subject="Board matter", customer=hotel.pk, owner=cast.ana.pk)
    hide_group(cast, "sales", "sales.amounts")
    said = brief(cast, hotel)
    assert "1 open deal" in said and "8,900" not in said and "Coeliac" not in said and "Board matter" not in said
    assert "None yet" in said
    assert "Won" not in cast.client("ben").get(f"/customer/{hotel.pk}").content.decode().split('class="kpis"')[1].split("</header>")[0]


def test_a_birthday_within_the_week_stands_out(cast: Cast) -> None:
    today = cast.ctx("ana").format.today
    born = (today + dt.timedelta(days=3)).replace(year=1980)
    person = cast.ctx("ana").create("customer", name="Grace", kind="person", birthday=born)
    said = brief(cast, person, "ana")
    assert "Birthday" in said


def test_time_there_is_known_or_not_said() -> None:
    now = dt.datetime(2026, 7, 14, 12, tzinfo=dt.UTC)
    assert str(local_time("JP", now))[11:16] == "21:00" and str(local_time("ie", now))[11:16] == "13:00"
    assert local_time("US", now) is None and local_time("??", now) is None


def test_health_adds_up_and_says_why(cast: Cast, hotel: object) -> None:
    """The figure is the sum of the reasons that are listed."""
    ctx = cast.ctx("ben")
    assert health(cast, hotel)[0] == 40
    ctx.create("activity", kind="call", subject="Hello", customer=hotel.pk, happened_at=ctx.format.now - dt.timedelta(days=2))
    ctx.create("task", subject="Late", due_on=ctx.format.today - dt.timedelta(days=1), customer=hotel.pk)
    won = registry.get("stage").model.objects.filter(outcome="won").first()
    ctx.create("deal", name="Won", customer=hotel.pk, stage=won.pk, amount="100")
    ctx.create("deal", name="Open", customer=hotel.pk, stage=first_stage_id())
    score, why = health(cast, hotel)
    assert score == 50 + 25 - 8 + 15 + 5
    for words in ("Last contact 2 days ago", "+25", "1 task is overdue", "−8", "1 deal won within a year", "+15", "under way", "+5"):
        assert words in why, words


@pytest.mark.parametrize("unseen", ["deal", "task", "activity"])
def test_no_health_for_who_may_not_see_what_it_is_made_of(cast: Cast, hotel: object, unseen: str) -> None:
    assert health(cast, hotel) is not None
    role = Role.objects.get(key="sales")
    Role.objects.filter(pk=role.pk).update(rights={**role.rights, unseen: {}})
    assert health(cast, hotel) is None


def test_value_won_stands_in_the_header(cast: Cast, hotel: object) -> None:
    won = registry.get("stage").model.objects.filter(outcome="won").first()
    cast.ctx("ben").create("deal", name="Won", customer=hotel.pk, stage=won.pk, amount="1240")
    figures = cast.client("ben").get(f"/customer/{hotel.pk}").content.decode().split('class="kpis"')[1].split("</header>")[0]
    assert "Won" in figures and "€1,240" in figures and "in 1 deal" in figures
