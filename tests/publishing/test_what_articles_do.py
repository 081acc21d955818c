"""What articles are used for: suggested to whoever may read them, counted, missed; and the notice of a review."""

from __future__ import annotations

import datetime as dt

from django.test import Client

from rapport.engines.notices.models import Notice
from rapport.engines.publishing.asked import thin
from rapport.engines.publishing.models import Asked, Tally, Vote
from rapport.engines.publishing.opinions import vote
from rapport.kernel.access.models import Role
from rapport.kernel.actions.running import run_action
from rapport.kernel.records.registry import registry
from rapport.modules.knowledge.review_notices import tell_workspace
from rapport.modules.knowledge.suggesting import note_solved, suggest, suggest_outside, suggested
from tests.cast import Cast
from tests.publishing.desk import article, help_centre

MESSAGE = "Hello, my parcel has not arrived yet. When will the delivery of order 4711 come? Regards, Maya"


def test_articles_are_suggested_to_those_who_may_read_them(cast: Cast) -> None:
    """By what the message says: the team sees internal ones too, customers theirs, outsiders public ones, drafts nobody."""
    ctx = cast.ctx("ana")
    public = article(ctx, "When is my delivery coming?", summary="Parcels take two days.")
    inner = article(ctx, "Lost parcels: what we may promise", publish="internal")
    portal = article(ctx, "Deliveries of dealers", publish="portal")
    article(ctx, "Delivery of parcels by drone", publish="")
    article(ctx, "Opening hours")
    assert {one.record_id for one in suggest(ctx, MESSAGE)} == {public.pk, inner.pk, portal.pk}
    assert suggest(ctx, MESSAGE)[0].record_id == public.pk
    assert [one.record_id for one in suggest_outside(cast.home, MESSAGE, language="en")] == [public.pk]
    assert {one.record_id for one in suggest_outside(cast.home, MESSAGE, language="en", is_customer=True)} == {
        public.pk,
        portal.pk,
    }
    role = Role.objects.get(key="sales")
    Role.objects.filter(pk=role.pk).update(rights={**role.rights, "article": {"view": "own"}})
    assert suggest(cast.ctx("ben"), MESSAGE) == []
    task = ctx.create("task", subject="Answer Maya", note=MESSAGE)
    panel = suggested(ctx, registry.get("task"), task)
    assert panel is not None and len(panel.values["lines"]) == 3  # type: ignore[arg-type]


def test_uses_and_solutions_are_counted(cast: Cast) -> None:
    ctx = cast.ctx("ana")
    one = article(ctx, "Hello")
    run_action(cast.ctx("ben"), one, "use", {})
    note_solved(ctx, one.pk)
    tally = Tally.objects.get(workspace_id=cast.home.pk, record_id=one.pk)
    assert (tally.used, tally.solved) == (1, 1)


def test_what_was_looked_for_in_vain_is_told_without_anybody(cast: Cast) -> None:
    """The words, not the person; gone after 90 days; articles voted down, with what was written."""
    ctx, visitor = cast.ctx("ana"), Client()
    weak = article(ctx, "Oil the chain")
    help_centre(cast.home)
    at = "/help/fernhill/en/note"
    for words in ("brake pads", "Brake  Pads", "where is order 4711 of maya@example.org"):
        assert visitor.post(at, {"kind": "search", "q": words}).status_code == 204
    visitor.post(at, {"kind": "search", "q": "chain"})
    visitor.post(at, {"kind": "open", "q": "chain"})
    visitor.post(at, {"kind": "view", "slug": "oil-the-chain"})
    visitor.post(at, {"kind": "search", "q": "evil words"}, headers={"sec-fetch-site": "cross-site"})
    vote(cast.home.pk, weak.pk, helped=False, note="Which oil?")
    page = cast.client("ana").get("/settings/help-gaps").content.decode()
    rows = {line.split("</td>")[0].rpartition(">")[2]: line for line in page.split("<tr>")}
    assert '<td class="right num">2</td>' in rows["brake pads"] and "chain" not in rows
    assert "4711" not in page and "maya" not in page and "evil" not in page
    assert "Oil the chain" in page and "“Which oil?”" in page
    assert Tally.objects.get(workspace_id=cast.home.pk, record_id=weak.pk).opened == 1
    assert cast.client("ben").get("/settings/help-gaps").status_code == 403
    assert thin(cast.home) == 0
    thin(cast.home, dt.datetime.now(dt.UTC) + dt.timedelta(days=100))
    assert (
        not Asked.objects.filter(workspace_id=cast.home.pk).exists()
        and not Vote.objects.filter(workspace_id=cast.home.pk).exists()
    )


def test_the_keeper_of_an_article_hears_of_its_review_once(cast: Cast) -> None:
    noon = dt.datetime(2026, 11, 23, 12, tzinfo=dt.UTC)
    article(cast.ctx("ana"), "Prices", review_on="2026-11-23")
    article(cast.ctx("ana"), "Later", review_on="2026-11-24")
    assert tell_workspace(cast.home, noon) == 1 and tell_workspace(cast.home, noon) == 0
    assert Notice.objects.filter(workspace_id=cast.home.pk, event="review").count() == 1
    assert "“Prices” is to be read again today" in cast.client("ana").get("/notices").content.decode()
