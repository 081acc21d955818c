"""Webhooks: signed, in order, through the keeper's eyes, at least once, and never inside."""

from __future__ import annotations

import datetime as dt
import tracemalloc
from collections.abc import Iterator

import pytest
from django.utils import timezone

from rapport.engines.notices.models import Notice
from rapport.engines.privacy.erasing import erase_subject
from rapport.engines.programs.models import KeptAnswer
from rapport.engines.webhooks import desk
from rapport.engines.webhooks.delivering import PATIENCE, deliver
from rapport.engines.webhooks.holding import hold_deliveries, release_deliveries
from rapport.engines.webhooks.jobs import forget_deliveries, wake_all
from rapport.engines.webhooks.models import Delivery, Webhook, WebhookState
from rapport.engines.webhooks.sending import WAITS
from rapport.kernel.access.models import Role, User
from rapport.kernel.errors import Invalid, Refused
from rapport.kernel.jobs.models import Job
from rapport.kernel.records.registry import registry
from tests.cast import Cast, first_stage_id, hide_group
from tests.factory import make
from tests.webhooks.receiver import Receiver, is_signed, receiver


@pytest.fixture
def there(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    """A receiver that may be reached."""
    monkeypatch.setenv("RAPPORT_ALLOW_PRIVATE_EGRESS", "1")
    with receiver() as made:
        yield made


def endpoint(cast: Cast, there: Receiver, who: str = "ana", **given: object) -> tuple[Webhook, str]:
    """A webhook of a person, with its secret."""
    ctx = cast.ctx(who)
    made = ctx.create("webhook", **{"name": "Shop", "url": there.url, **given})
    assert isinstance(made, Webhook)
    return made, desk.new_secret(ctx, made)


def go(cast: Cast, webhook: Webhook) -> int:
    """One turn; returns how many messages went out."""
    return deliver(cast.home, webhook.pk).sent


def state(webhook: Webhook) -> WebhookState:
    """Its state."""
    return WebhookState.objects.get(workspace_id=webhook.workspace_id, webhook_id=webhook.pk)


def due(webhook: Webhook) -> None:
    """Let the wait be over."""
    WebhookState.objects.filter(workspace_id=webhook.workspace_id, webhook_id=webhook.pk).update(next_at=timezone.now())


def test_what_is_written_arrives_signed_and_in_order(cast: Cast, there: Receiver) -> None:
    """Type, record as it stands, both values of each change; the signature is that of Standard Webhooks."""
    webhook, secret = endpoint(cast, there)
    ctx = cast.ctx("ana")
    record = make(ctx, "customer", name="Fern")
    ctx.write(record, name="Moss")
    ctx.delete(record)
    assert go(cast, webhook) == 3
    assert [one["type"] for one in there.bodies] == ["customer.create", "customer.update", "customer.delete"]
    data = there.bodies[1]["data"]
    assert data["changes"] == {"name": {"before": "Fern", "after": "Moss"}} and data["actor"]["name"] == "Ana Silva"
    assert data["id"] == str(record.pk) and data["record"] is None  # it is in the bin by now
    assert all(is_signed(headers, body, secret) for headers, body in there.got)
    assert not is_signed(there.got[0][0], there.got[0][1] + b" ", secret)
    assert len({headers["webhook-id"] for headers, _body in there.got}) == 3
    assert go(cast, webhook) == 0
    assert Delivery.objects.filter(workspace_id=cast.home.pk, status="sent").count() == 3


def test_type_verb_and_filter_choose(cast: Cast, there: Receiver) -> None:
    """A filter asks the record as it stands."""
    ctx = cast.ctx("ana")
    webhook, _secret = endpoint(cast, there, on_type="customer", verbs=["create", "update"], matching='industry is "Health"')
    make(ctx, "task")
    make(ctx, "customer", name="No", industry="Retail")
    yes = make(ctx, "customer", name="Yes", industry="Health")
    ctx.delete(make(ctx, "customer", name="Gone", industry="Retail"))
    ctx.write(yes, name="Yes!")
    go(cast, webhook)
    assert [(one["type"], one["data"]["id"]) for one in there.bodies] == [
        ("customer.create", str(yes.pk)), ("customer.update", str(yes.pk)),
    ]  # fmt: skip
    assert there.bodies[1]["data"]["record"]["name"] == "Yes!"


def test_messages_are_made_through_the_keepers_eyes_at_the_moment_of_sending(cast: Cast, there: Receiver) -> None:
    """Another team's records and hidden fields never leave, also when the right was lost between writing and sending."""
    role = Role.objects.get(key="sales")
    Role.objects.filter(pk=role.pk).update(rights={**role.rights, "webhook": {"*": "all"}})
    webhook, _secret = endpoint(cast, there, who="ben")
    make(cast.ctx("cem"), "customer", name="Cem's")
    deal = make(cast.ctx("ben"), "deal", name="Roof", stage=first_stage_id(), amount=4711)
    hide_group(cast, "sales", "sales.amounts")
    cast.ctx("ana").write(deal, amount=4712)
    go(cast, webhook)
    assert [one["type"] for one in there.bodies] == ["deal.create"]
    assert b"4711" not in there.got[0][1] and "amount" not in there.bodies[0]["data"]["record"]
    User.objects.filter(pk=cast.ben.pk).update(is_active=False)
    make(cast.system, "customer", owner=cast.ben.pk)
    assert go(cast, webhook) == 0 and state(webhook).problem == "nobody"


def test_whoever_turns_the_address_becomes_the_keeper(cast: Cast, there: Receiver) -> None:
    """Nobody can have another person's messages sent to themselves."""
    role = Role.objects.get(key="sales")
    Role.objects.filter(pk=role.pk).update(rights={**role.rights, "webhook": {"*": "all"}})
    webhook, _secret = endpoint(cast, there)
    cast.ctx("ben").write(webhook, url=there.url + "/bens")
    make(cast.ctx("cem"), "customer", name="Cem's")
    assert webhook.runs_as_id == cast.ben.pk and go(cast, webhook) == 0


@pytest.mark.slow
def test_a_day_without_a_receiver_leaves_one_row_and_loses_nothing(cast: Cast, there: Receiver) -> None:
    """The first message waits by the schedule; then everything arrives once and in order, in flat memory."""
    webhook, _secret = endpoint(cast, there, on_type="customer")
    there.answer = lambda _body: 503
    ctx = cast.ctx("ana")
    ctx.create_many("customer", [{"name": f"N{n:04}"} for n in range(400)])
    for _attempt in range(6):
        assert go(cast, webhook) == 0
        wait = state(webhook).next_at - timezone.now()
        assert wait > dt.timedelta(seconds=WAITS[_attempt] * 0.9)
        assert go(cast, webhook) == 0  # not before its time
        due(webhook)
    rows = Delivery.objects.filter(workspace_id=cast.home.pk)
    assert rows.count() == 1 and rows.get().attempts == 6 and rows.get().answer == "hello" and len(there.got) == 6
    there.answer = lambda _body: 200
    tracemalloc.start()
    assert deliver(cast.home, webhook.pk, turn=60).sent == 400
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    names = [one["data"]["changes"]["name"]["after"] for one in there.bodies[6:]]
    assert names == [f"N{n:04}" for n in range(400)] and peak < 30 * 1024**2
    assert there.got[0][0]["webhook-id"] == there.got[6][0]["webhook-id"] and state(webhook).failing_since is None


def test_one_refused_message_does_not_hold_up_the_others(cast: Cast, there: Receiver) -> None:
    """Set aside, tried again by its own waits, and given up in the end."""
    webhook, _secret = endpoint(cast, there, on_type="customer")
    there.answer = lambda body: 422 if body["data"]["record"]["name"] == "Bad" else 200
    ctx = cast.ctx("ana")
    for name in ("A", "Bad", "B"):
        make(ctx, "customer", name=name)
    assert go(cast, webhook) == 3 and len(there.got) == 3
    aside = Delivery.objects.filter(workspace_id=cast.home.pk, status="aside")
    assert aside.get().answer_status == 422
    for _attempt in range(len(WAITS)):
        aside.update(next_at=timezone.now())
        go(cast, webhook)
    left = Delivery.objects.get(workspace_id=cast.home.pk, status="left")
    assert left.attempts == len(WAITS) + 1 and len(there.got) == 3 + len(WAITS)
    there.answer = lambda _body: 200
    outcome = desk.replay(cast.ctx("ana"), webhook, left.pk)
    assert outcome is not None and outcome.arrived and Delivery.objects.get(pk=left.pk).status == "sent"


def test_an_endpoint_that_fails_for_days_is_switched_off_and_its_keeper_told(cast: Cast, there: Receiver) -> None:
    """And one that says it is gone at once."""
    webhook, _secret = endpoint(cast, there)
    there.answer = lambda _body: 500
    make(cast.ctx("ana"), "customer")
    go(cast, webhook)
    WebhookState.objects.update(failing_since=timezone.now() - PATIENCE - dt.timedelta(hours=1), next_at=None)
    go(cast, webhook)
    webhook.refresh_from_db()
    assert not webhook.is_active and state(webhook).problem == "failing"
    notice = Notice.objects.get(workspace_id=cast.home.pk, user_id=cast.ana.pk, event="webhook")
    assert notice.records == [str(webhook.pk)]
    assert "switched off" in cast.client("ana").get("/notices").content.decode()
    there.answer = lambda _body: 200
    cast.ctx("ana").write(webhook, is_active=True)
    assert go(cast, webhook) >= 1  # what it missed
    there.answer = lambda _body: 410
    make(cast.ctx("ana"), "customer")
    go(cast, webhook)
    webhook.refresh_from_db()
    assert not webhook.is_active and state(webhook).problem == "gone"


def test_a_rotated_secret_overlaps_for_a_day(cast: Cast, there: Receiver) -> None:
    """Both sign until then; at rest neither stands in clear."""
    webhook, old = endpoint(cast, there)
    new = desk.new_secret(cast.ctx("ana"), webhook)
    assert old != new and old.startswith("whsec_")
    stored = state(webhook)
    assert old not in (stored.secret + stored.old_secret) and new not in stored.secret
    assert desk.send_test(cast.ctx("ana"), webhook).arrived
    headers, body = there.got[-1]
    assert is_signed(headers, body, old) and is_signed(headers, body, new)
    WebhookState.objects.update(old_secret_until=timezone.now())
    desk.send_test(cast.ctx("ana"), webhook)
    assert is_signed(*there.got[-1], new) and not is_signed(*there.got[-1], old)


def test_nothing_is_sent_unsigned_held_or_inside(cast: Cast, there: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a secret, while deliveries are held, to a private address, or by a redirect."""
    ctx = cast.ctx("ana")
    webhook = ctx.create("webhook", name="Shop", url=there.url)
    make(ctx, "customer")
    assert go(cast, webhook) == 0 and there.got == []
    desk.new_secret(ctx, webhook)
    hold_deliveries(cast.home.pk, "restore")
    assert go(cast, webhook) == 0 and wake_all(cast.home) == 0
    with pytest.raises(Refused):
        desk.send_test(ctx, webhook)
    release_deliveries(cast.home.pk, from_now=False)
    there.answer = lambda _body: 302
    assert go(cast, webhook) == 0 and len(there.got) == 1
    monkeypatch.delenv("RAPPORT_ALLOW_PRIVATE_EGRESS")
    due(webhook)
    assert go(cast, webhook) == 0 and len(there.got) == 1
    with pytest.raises(Invalid):
        ctx.create("webhook", name="In", url="http://example.com/")
    for inside in ("https://127.0.0.1/", "https://localhost/", "https://10.0.0.1/", "https://169.254.169.254/"):
        one = ctx.create("webhook", name="In", url=inside)
        desk.new_secret(ctx, one)
        assert not desk.send_test(ctx, one).arrived
    for wrong in ("ftp://x.com", "example.com", "https://a@b.com/", "https://", "javascript:alert(1)"):
        with pytest.raises(Invalid):
            ctx.create("webhook", name="Odd", url=wrong)


def test_a_stretch_is_sent_again_under_the_same_ids(cast: Cast, there: Receiver) -> None:
    """Replay since a number; and after a hold either all that was written meanwhile or only what comes."""
    webhook, _secret = endpoint(cast, there, on_type="customer")
    ctx = cast.ctx("ana")
    at = state(webhook).position
    make(ctx, "customer", name="A")
    make(ctx, "customer", name="B")
    go(cast, webhook)
    desk.replay_since(ctx, webhook, at)
    go(cast, webhook)
    ids = [headers["webhook-id"] for headers, _body in there.got]
    assert len(ids) == 4 and ids[:2] == ids[2:]
    hold_deliveries(cast.home.pk, "restore")
    make(ctx, "customer", name="C")
    release_deliveries(cast.home.pk, from_now=True)
    assert go(cast, webhook) == 0
    with pytest.raises(Invalid):
        desk.replay_since(ctx, webhook, 10**9)


def test_a_worker_that_dies_repeats_at_most_one_message(cast: Cast, there: Receiver) -> None:
    """Killed between sending and remembering: the same id comes again; a second worker keeps off meanwhile."""
    webhook, _secret = endpoint(cast, there, on_type="customer")
    for name in ("A", "B", "C"):
        make(cast.ctx("ana"), "customer", name=name)

    class Killed(BaseException):
        """Not an Exception, as a signal is not."""

    def die(body: dict[str, object]) -> int:
        if body["data"]["record"]["name"] == "B" and len(there.got) == 1:
            raise Killed
        return 200

    there.answer = lambda _body: 200
    from rapport.engines.webhooks import delivering

    kept, count = delivering.note, []

    def note(*args: object) -> None:
        count.append(1)
        if len(count) == 2:
            raise Killed
        kept(*args)  # type: ignore[arg-type]

    delivering.note = note  # type: ignore[assignment]
    try:
        with pytest.raises(Killed):
            go(cast, webhook)
    finally:
        delivering.note = kept
    WebhookState.objects.update(busy_until=timezone.now() + dt.timedelta(minutes=1))
    assert go(cast, webhook) == 0
    WebhookState.objects.update(busy_until=None)
    assert go(cast, webhook) == 2
    ids = [headers["webhook-id"] for headers, _body in there.got]
    assert len(ids) == 4 and ids[1] == ids[2] and len(set(ids)) == 3


def test_writing_wakes_free_endpoints_once(cast: Cast, there: Receiver) -> None:
    """One job for an endpoint that is behind, none for one that waits, is off, or has one already."""
    webhook, _secret = endpoint(cast, there)
    off, _other = endpoint(cast, there, is_active=False)
    make(cast.ctx("ana"), "customer")
    assert wake_all(cast.home) == 1 and wake_all(cast.home) == 0
    assert Job.objects.filter(task="webhooks.deliver").count() == 1
    Job.objects.update(status="done")
    WebhookState.objects.filter(webhook_id=webhook.pk).update(next_at=timezone.now() + dt.timedelta(hours=1))
    assert wake_all(cast.home) == 0
    due(webhook)
    assert wake_all(cast.home) == 1 and state(off).job_id is None


def test_an_erased_person_is_in_no_log_of_what_programs_were_told(cast: Cast, there: Receiver) -> None:
    """Neither in the messages of webhooks nor in the answers kept for repeats."""
    webhook, _secret = endpoint(cast, there)
    sent = {"name": "Xenia Quill", "kind": "person"}
    made = cast.api("ana").post("/api/v1/customer", sent, content_type="application/json", headers={"idempotency-key": "k"})
    go(cast, webhook)
    logged, kept = Delivery.objects.get(workspace_id=cast.home.pk), KeptAnswer.objects.get(workspace_id=cast.home.pk)
    assert "Xenia" in logged.body and "Xenia" in kept.body
    info = registry.get("customer")
    erase_subject(cast.ctx("ana"), info.model.objects.get(pk=made.json()["id"]), reason="asked")
    logged.refresh_from_db()
    kept.refresh_from_db()
    assert "Xenia" not in logged.body + kept.body and kept.status == 201


def test_the_log_is_forgotten_after_a_month(cast: Cast, there: Receiver) -> None:
    """What is younger stays."""
    webhook, _secret = endpoint(cast, there)
    for _n in range(3):
        desk.send_test(cast.ctx("ana"), webhook)
    rows = Delivery.objects.filter(workspace_id=cast.home.pk)
    rows.exclude(pk=rows.order_by("-id")[0].pk).update(created_at=timezone.now() - dt.timedelta(days=31))
    forget_deliveries(type("Ctx", (), {"should_stop": False})())  # type: ignore[arg-type]
    assert rows.count() == 1


def test_the_api_makes_an_endpoint_tells_its_secret_once_and_shows_the_log(cast: Cast, there: Receiver) -> None:
    """A stranger gets 404, a colleague without the right 403."""
    api = cast.api("ana")
    made = api.post("/api/v1/webhook", {"name": "Shop", "url": there.url, "verbs": ["create"]}, content_type="application/json")
    assert made.status_code == 201 and made.json()["runs_as"] == str(cast.ana.pk), made.content
    address = f"/api/v1/webhook/{made.json()['id']}"
    secret = api.post(f"{address}/secret", content_type="application/json")
    assert secret.status_code == 201 and secret.json()["secret"].startswith("whsec_")
    assert secret.json()["secret"] not in api.get(address).content.decode()
    make(cast.ctx("ana"), "customer")
    go(cast, Webhook.objects.get(pk=made.json()["id"]))
    line = api.get(f"{address}/deliveries").json()["items"][0]
    assert line["event"] == "customer.create" and line["answer_status"] == 204 and line["status"] == "sent"
    assert cast.api("ben").get(f"{address}/deliveries").status_code == 404
    assert cast.api("dea").post(f"{address}/secret", content_type="application/json").status_code == 404
