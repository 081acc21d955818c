"""The pages of webhooks and the API reference, as people use them."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from rapport.engines.webhooks.delivering import deliver
from rapport.engines.webhooks.holding import held, hold_deliveries
from rapport.engines.webhooks.models import Delivery, Webhook, WebhookState
from tests.cast import Cast, hide_group
from tests.factory import make
from tests.webhooks.receiver import Receiver, is_signed, receiver


@pytest.fixture
def there(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    """A receiver that may be reached."""
    monkeypatch.setenv("RAPPORT_ALLOW_PRIVATE_EGRESS", "1")
    with receiver() as made:
        yield made


def form(there: Receiver, **more: object) -> dict[str, object]:
    """What the form posts."""
    return {
        "name": "Shop",
        "url": there.url,
        "on_type": "customer",
        "is_active": "1",
        "fields_shown": "name,url,verbs,matching,is_active",
        **more,
    }


def test_a_webhook_is_made_tested_and_read_about(cast: Cast, there: Receiver) -> None:
    """The secret shows once; the log shows message and answer; one message and a stretch go again."""
    ana = cast.client("ana")
    made = ana.post("/settings/webhooks/new", form(there))
    assert made.status_code == 200, made.content.decode()[-2000:]
    secret = re.search(r"whsec_[A-Za-z0-9+/=]+", made.content.decode())[0]
    webhook = Webhook.objects.get()
    at = f"/settings/webhooks/{webhook.pk}"
    page = ana.get(at)
    assert page.status_code == 200 and secret not in page.content.decode()
    assert ana.post(f"{at}/test").status_code == 302 and is_signed(*there.got[0], secret)
    record = make(cast.ctx("ana"), "customer", name="Fernweh")
    deliver(cast.home, webhook.pk)
    text = ana.get(at).content.decode()
    assert "customer.create" in text and "Fernweh" in text and "answer 204" in text
    delivery = Delivery.objects.exclude(number=None).get()
    ana.post(f"{at}/replay/{delivery.pk}")
    assert there.got[-1][0]["webhook-id"] == there.got[-2][0]["webhook-id"]
    ana.post(f"{at}/since", {"since": str(delivery.number - 1)})
    assert WebhookState.objects.get().position == delivery.number - 1
    ana.post(f"{at}/since", {"since": "x"})
    assert WebhookState.objects.get().position == delivery.number - 1
    ana.post(at, form(there, name="Store", matching="nonsense is 1"))
    webhook.refresh_from_db()
    assert webhook.name == "Shop"
    assert ana.post(at, form(there, name="Store")).status_code == 302
    assert (
        "Store" in ana.get("/settings/webhooks").content.decode()
        and str(record.pk) not in ana.get("/settings/webhooks").content.decode()
    )


def test_the_form_says_what_is_wrong_beside_the_field(cast: Cast, there: Receiver) -> None:
    """And keeps what was typed."""
    told = cast.client("ana").post("/settings/webhooks/new", form(there, url="http://shop.example.com/x"))
    text = told.content.decode()
    assert told.status_code == 422 and "https://" in text and "shop.example.com/x" in text and 'id="e-url"' in text


def test_held_deliveries_are_let_go_by_who_may(cast: Cast) -> None:
    """The list says so and offers both ways."""
    hold_deliveries(cast.home.pk, "restore")
    ana = cast.client("ana")
    assert "Deliveries are held" in ana.get("/settings/webhooks").content.decode()
    assert cast.client("ben").post("/settings/webhooks/release", {"from": "now"}).status_code == 403
    assert held(cast.home.pk) is not None
    assert ana.post("/settings/webhooks/release", {"from": "now"}).status_code == 302 and held(cast.home.pk) is None


def test_only_who_may_change_webhooks_sees_them(cast: Cast, there: Receiver) -> None:
    """A colleague gets 403 and 404, a stranger 404."""
    webhook = cast.ctx("ana").create("webhook", name="Shop", url=there.url)
    assert cast.client("ben").get("/settings/webhooks").status_code == 403
    for name in ("ben", "dea"):
        client = cast.client(name)
        assert client.get(f"/settings/webhooks/{webhook.pk}").status_code == 404
        for part in ("secret", "test", "since"):
            assert client.post(f"/settings/webhooks/{webhook.pk}/{part}").status_code == 404


def test_the_reference_shows_what_its_reader_may_do(cast: Cast) -> None:
    """Requests with examples under the right address, fields, a search; nothing of a hidden field."""
    ana, ben = cast.client("ana"), cast.client("ben")
    text = ana.get("/docs/api").content.decode()
    assert "/api/v1/batch" in text and "http://testserver/api/v1/" in text
    deals = ana.get("/docs/api?type=deal").content.decode()
    assert "/api/v1/deal/{id}/lose" in deals and "<code>amount</code>" in deals
    assert "/api/v1/deal/{id}/lose" in ana.get("/docs/api?q=lose").content.decode()
    hide_group(cast, "sales", "sales.amounts")
    assert "<code>amount</code>" not in ben.get("/docs/api?type=deal").content.decode()
    assert "custom_field" not in ben.get("/docs/api").content.decode()
    assert ben.get("/docs/openapi.json").json()["openapi"] == "3.1.0"
