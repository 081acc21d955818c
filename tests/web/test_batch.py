"""One thing done to many rows: one Undo for every row, rights row by row, large ones as jobs that can be stopped."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

import pytest

from rapport.engines.batches.models import Batch
from rapport.engines.batches.run import begin
from rapport.engines.batches.tasks import start
from rapport.kernel.changes.models import Change
from rapport.kernel.jobs.models import Job
from rapport.kernel.jobs.runner import run_due
from rapport.kernel.records.registry import registry
from tests.cast import Cast
from tests.factory import make

HTMX = {"HX-Request": "true"}


def fill(cast: Cast, count: int, **values: object) -> list[str]:
    """Customers of Ben; their ids."""
    rows = [
        {"name": f"C{i:04}", "industry": f"Trade {i % 7}", "tags": ["old"], "owner": cast.ben.pk, **values} for i in range(count)
    ]
    made = cast.ctx("ana").create_many("customer", rows)
    assert not made.errors
    return [str(pk) for pk in made.ids.values()]


def stored() -> Any:
    """All customers that are not in the bin."""
    return registry.get("customer").model.objects.filter(deleted_at=None)


def mark_in(html: str) -> str:
    """The undo mark of the page's toast."""
    found = re.search(r'name="what" value="(batch:[^"]+)"', html)
    assert found, html[-2000:]
    return found[1]


@pytest.mark.parametrize(
    ("do", "given", "changed"),
    [
        ("edit", {"field": "industry", "in_industry": "New"}, {"industry": "New"}),
        ("tags", {"in_add": "vip, north", "in_remove": "old"}, {}),
        ("delete", {}, None),
    ],
)
def test_one_undo_for_two_hundred_rows(cast: Cast, do: str, given: dict[str, str], changed: dict[str, str] | None) -> None:
    """Every row of the batch comes back, not only the first few; a row changed since stays and is told."""
    ids = fill(cast, 210)
    before = sorted(stored().values_list("pk", "industry", "tags"), key=str)
    client = cast.client("ben")
    html = client.post(
        "/customer/bulk", {"ids": ",".join(ids), "do": do, "confirmed": "1", **given}, follow=True
    ).content.decode()
    if changed is None:
        assert stored().count() == 0 and "210 deleted." in html
    else:
        assert "210 rows changed." in html and stored().filter(**changed).count() == 210
    if do == "tags":
        assert all(sorted(tags) == ["north", "vip"] for tags in stored().values_list("tags", flat=True))
    mark = mark_in(html)
    assert cast.client("ana").post("/undo", {"what": mark}).status_code == 404
    if do == "edit":
        one = stored().get(name="C0007")
        cast.ctx("ana").write(one, industry="Ana's")
        answer = client.post("/undo", {"what": mark}, follow=True).content.decode()
        assert "209 changes taken back." in answer and "changed since" in answer
        assert stored().get(name="C0007").industry == "Ana&#39;s".replace("&#39;", "'")
        cast.ctx("ana").write(stored().get(name="C0007"), industry="Trade 0")
    else:
        assert "210 changes taken back." in client.post("/undo", {"what": mark}, follow=True).content.decode()
    assert sorted(stored().values_list("pk", "industry", "tags"), key=str) == before
    assert client.post("/undo", {"what": mark}).status_code == 404


def test_rows_out_of_reach_are_untouched_by_a_batch(cast: Cast) -> None:
    """Ids of another team's rows are left out and told once; the batch's own rows are done."""
    mine, other = fill(cast, 3), fill(cast, 2, owner=cast.cem.pk)
    sent = {"ids": ",".join([*mine, *other]), "do": "edit", "field": "industry", "in_industry": "New", "confirmed": "1"}
    html = cast.client("ben").post("/customer/bulk", sent, follow=True).content.decode()
    assert stored().filter(industry="New").count() == 3
    assert not stored().filter(pk__in=other, industry="New").exists() and "3 rows changed." in html
    assert cast.client("dea").post("/customer/bulk", sent, follow=True).status_code in (200, 404)
    assert stored().filter(industry="New").count() == 3


def test_a_field_is_chosen_then_its_value_and_hidden_ones_are_not_offered(cast: Cast) -> None:
    """The dialog asks in two steps and keeps the rows."""
    ids = fill(cast, 2)
    client = cast.client("ben")
    first = client.post("/customer/bulk", {"id": ids, "do": "edit"}, headers=HTMX).content.decode()
    assert 'name="field"' in first and 'value="industry"' in first and 'value="created_at"' not in first
    second = client.post(
        "/customer/bulk", {"ids": ",".join(ids), "do": "edit", "field": "industry", "confirmed": ""}, headers=HTMX
    )
    assert 'name="in_industry"' in second.content.decode() and ids[1] in second.content.decode()
    sent = {"ids": ",".join(ids), "do": "edit", "field": "employees", "in_employees": "many", "confirmed": "1"}
    wrong = client.post("/customer/bulk", sent)
    assert wrong.status_code == 422 and "many" in wrong.content.decode()
    unknown = client.post("/customer/bulk", {**sent, "field": "created_at"}, headers=HTMX).content.decode()
    assert 'name="in_created_at"' not in unknown


def test_an_action_is_taken_back_with_all_its_rows(cast: Cast) -> None:
    """What an action set, its own right sets back."""
    leads = [make(cast.ctx("ana"), "lead", name=f"L{i}") for i in range(3)]
    sent = {"id": [str(one.pk) for one in leads], "do": "run:drop", "confirmed": "1", "in_reason": "No budget"}
    client = cast.client("ana")
    html = client.post("/lead/bulk", sent, follow=True).content.decode()
    model = registry.get("lead").model
    assert set(model.objects.values_list("state", flat=True)) == {"dropped"}
    client.post("/undo", {"what": mark_in(html)})
    assert set(model.objects.values_list("state", flat=True)) == {"new"}


def test_a_large_batch_is_a_job_with_progress_and_its_undo_too(cast: Cast) -> None:
    """All rows of the filter, 1,100 of them; the page is told of the job and, later, of the result."""
    fill(cast, 1100)
    other = fill(cast, 1, owner=cast.cem.pk)
    client = cast.client("ben")
    sent = {"all": "1", "filter": "tags has old", "do": "edit", "field": "industry", "in_industry": "New", "confirmed": "1"}
    answer = client.post("/customer/bulk", sent, headers=HTMX)
    assert "batchStarted" in answer.headers["HX-Trigger"] and stored().filter(industry="New").count() == 0
    batch = Batch.objects.get()
    state = client.get(f"/batch/{batch.pk}").json()
    assert (state["over"], state["done"], state["total"]) == (False, 0, 1100)
    assert cast.client("cem").get(f"/batch/{batch.pk}").status_code == 404
    run_due()
    state = client.get(f"/batch/{batch.pk}").json()
    assert state["over"] and state["text"] == "1100 rows changed." and stored().filter(industry="New").count() == 1100
    assert not stored().filter(pk=other[0], industry="New").exists()
    back = client.post("/undo", {"what": state["undo"]}, headers=HTMX)
    assert "batchStarted" in back.headers["HX-Trigger"]
    run_due()
    assert stored().filter(industry="New").count() == 0


def test_a_batch_that_was_stopped_keeps_what_is_done_and_can_be_taken_back(cast: Cast) -> None:
    """Stop before the job began: nothing is done; the state says it is over."""
    fill(cast, 501)
    client = cast.client("ben")
    client.post("/customer/bulk", {"all": "1", "filter": "", "do": "delete"}, headers=HTMX)
    batch = Batch.objects.get()
    assert client.post(f"/batch/{batch.pk}/stop", headers=HTMX).status_code == 200
    run_due()
    state = client.get(f"/batch/{batch.pk}").json()
    assert state["over"] and stored().count() in (501, 1)
    assert Job.objects.get(pk=batch.job_id).status == "stopped"


def test_too_many_rows_are_refused_with_advice(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """The cap is told, nothing is done."""
    monkeypatch.setattr("rapport.surfaces.web.bulk.MOST", 2)
    fill(cast, 3)
    answer = cast.client("ben").post("/customer/bulk", {"all": "1", "filter": "", "do": "delete"})
    assert answer.status_code == 422 and "narrow the list" in answer.content.decode() and stored().count() == 3


def test_rows_a_job_had_to_leave_out_are_in_the_audit_log(cast: Cast) -> None:
    """One entry for all of them, whether a row is another team's or there is none."""
    ids = [*fill(cast, 501), *fill(cast, 2, owner=cast.cem.pk)]
    ctx = cast.ctx("ben")
    batch = begin(ctx, registry.get("customer"), [UUID(pk) for pk in ids], {"do": "edit", "values": {"industry": "New"}})
    start(ctx, batch)
    run_due()
    batch.refresh_from_db()
    assert (batch.done, batch.refused) == (501, 2) and stored().filter(industry="New").count() == 501
    denied = Change.objects.filter(workspace_id=cast.home.pk, verb="denied")
    assert [one.details["count"] for one in denied] == [2]
