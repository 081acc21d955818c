"""How many keys and pages everyday work takes, counted: the words themselves apart from the keys around them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from rapport.kernel.access.current import use_workspace
from rapport.kernel.access.models import Account
from rapport.modules.activities.models import Activity, Task
from rapport.modules.customers.models import Customer
from rapport.modules.sales.models import Deal, Lead
from tests.cast import Cast, first_stage_id
from tests.factory import make
from tests.platform.settled import come_to_rest

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


class Hands:
    """Counts keys (a chord is one), letters of words, and pages loaded."""

    def __init__(self, page: Page) -> None:
        self.page, self.keys, self.letters, self.pages = page, 0, 0, 0
        page.on("framenavigated", self._navigated)

    def _navigated(self, frame: Any) -> None:
        self.pages += frame == self.page.main_frame

    def begin(self, url: str) -> None:
        """Open where the work begins; from here on everything counts."""
        self.page.goto(url)
        come_to_rest(self.page)
        self.keys = self.letters = self.pages = 0

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)
            self.keys += 1

    def type(self, words: str) -> None:
        self.page.keyboard.type(words)
        self.letters += len(words)

    def told(self, what: str) -> str:
        return f"{what}: {self.keys} keys besides {self.letters} letters, {self.pages} page{'' if self.pages == 1 else 's'}"


@pytest.fixture
def hands(committed_cast: Cast, live: Any, desktop: Page, sign_in: Callable[..., None]) -> Hands:
    sign_in(desktop, live, Account.objects.get(pk=committed_cast.ana.account_id))
    return Hands(desktop)


def test_everyday_work_takes_few_keys(
    hands: Hands, committed_cast: Cast, live: Any, record_property: pytest.RecordProperty
) -> None:
    page, counted = hands.page, []
    with use_workspace(committed_cast.home):
        ctx = committed_cast.ctx("ana")
        hotel = make(ctx, "customer", name="Hotel Aldersley", kind="company")
        make(ctx, "customer", name="Grace Tierney", kind="person", phones=["+353 1 555 0187"])
        make(ctx, "task", subject="Ring Grace", kind="call", customer=hotel.pk, due_on=ctx.format.today)
        deal = make(ctx, "deal", name="Espresso bars", stage=first_stage_id(), customer=hotel.pk, owner=committed_cast.ana.pk)
        names = [{"kind": "company", "name": f"Filler {n:03}", "owner": committed_cast.ana.pk, "tags": ["fair"]} for n in range(200)]
        ctx.create_many("customer", names)

    hands.begin(live.url + "/")
    hands.press("n")
    page.locator("#jot-text").wait_for()
    hands.type("Lead Dara Whelan, 086 555 0177, call Monday")
    hands.press("Control+Enter")
    page.locator("h1", has_text="Dara Whelan").wait_for()
    counted.append(hands.told("new lead with phone and next step"))
    assert Lead.objects.filter(name="Dara Whelan").exists() and Task.objects.filter(subject="Call Dara Whelan").exists()

    hands.begin(live.url + "/")
    hands.press("l")
    page.locator("#dialog[open] input[name=outcome]").wait_for()
    hands.type("Wants a quote")
    hands.press("Tab")
    hands.type("Send the quote")
    hands.press("Control+Enter")
    page.get_by_text("Ring Grace: done.").wait_for()
    come_to_rest(page)
    counted.append(hands.told("log a call with the next step"))
    assert Activity.objects.filter(subject="Ring Grace", outcome="Wants a quote").exists()
    assert Task.objects.filter(subject="Send the quote", state="open").exists()

    hands.begin(live.url + "/deal/board")
    page.locator(f"#card-{deal.pk}").focus()
    hands.press("]")
    page.locator("#toasts").get_by_text("Moved to").wait_for()
    counted.append(hands.told("move a deal to the next stage, its card in focus"))
    assert Deal.objects.get(pk=deal.pk).stage_id != deal.stage_id

    hands.begin(live.url + "/")
    hands.press("Control+k")
    hands.type("0187")
    hands.press("Enter")  # at once, as a fast hand does: what is opened is what was typed
    page.wait_for_url("**/customer/*")
    assert page.locator("h1").inner_text() == "Grace Tierney", page.locator("body").inner_text()[:2000]
    counted.append(hands.told("find a person by the last digits of a phone"))

    hands.begin(live.url + "/customer/?filter=tags+has+fair")
    clicks = 0
    page.locator("[data-tick-all]").click()
    page.get_by_role("button", name="Select all 200 that match").click()
    page.locator("button[value=owner]").click()
    clicks += 3
    page.locator("#dialog[open] input[role=combobox]").click()
    hands.type("Cem")
    hands.press("Enter")
    page.wait_for_function("() => document.querySelector('#dialog input[role=combobox]').value === 'Cem Aydin'")
    hands.press("Control+Enter")
    page.get_by_text("200 rows changed.").wait_for()
    counted.append(hands.told(f"hand over 200 customers ({clicks} clicks)"))
    assert Customer.objects.filter(owner_id=committed_cast.cem.pk).count() == 200

    for line in counted:
        record_property("measured", line)
