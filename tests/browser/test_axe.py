"""Every page passes axe, in both themes, on a desk and on a phone; axe-core comes from frontend/node_modules and is
never shipped."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from rapport.engines.duplicates.models import DuplicatePair
from rapport.engines.imports.check import Check
from rapport.engines.imports.models import ImportRun
from rapport.engines.imports.session import table_of, take_in
from rapport.kernel.access.models import Account, Workspace
from tests.cast import Cast, first_stage_id
from tests.factory import make
from tests.platform.passes import ROOT

pytestmark = pytest.mark.browser

AXE = ROOT / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
RUN = """async () => (await axe.run(document, {resultTypes: ['violations']})).violations.flatMap(
  (found) => found.nodes.map((node) => `${found.id}: ${node.html.slice(0, 160)}`))"""


@pytest.fixture
def addresses(committed_cast: Cast) -> list[str]:
    """The main pages, with a little of everything on them."""
    ctx = committed_cast.ctx("ana")
    hotel = make(ctx, "customer", name="Hotel Aldersley", kind="company", emails=["desk@aldersley.example"])
    person = make(ctx, "customer", name="Grace Tierney", kind="person", phones=["01 555 0142"])
    make(ctx, "affiliation", person=person.pk, company=hotel.pk, job_title="Manager", part="decides")
    deal = make(ctx, "deal", name="Lobby espresso bar for the hotel and its restaurant", customer=hotel.pk, amount="8900", stage=first_stage_id())
    lead = make(ctx, "lead", name="Dara Whelan", company="Deli")
    choice = make(ctx, "custom_field", label="State", on_type="customer", kind="choice", choices="Won\n~ Lost => Gone", show_when="")
    task = make(ctx, "task", subject="Call Grace", customer=hotel.pk, due_on=ctx.format.today)
    make(ctx, "activity", kind="call", subject="Talked about beans", customer=hotel.pk, happened_at=ctx.format.now)
    run = take_in(ctx, "people.csv", [b"First name,Last name,Company,E-mail\nAnn,Ash,Fern Ltd,ann@fern.example\nBob,Birch,,bob-at-x\n"])
    Check(ctx, run, table_of(run)).go(lambda found: True)
    ImportRun.objects.filter(pk=run.pk).update(state="ready")
    twin = make(ctx, "customer", name="Grace Tierny", kind="person", phones=["01 555 0142"], note="Met at the fair")
    one, other = sorted((person.pk, twin.pk))
    pair = DuplicatePair.objects.create(
        workspace=committed_cast.home, type="customer", one_id=one, other_id=other, score=79,
        evidence=[["phone", ["phones"], 58], ["near:96", ["name"], 48]],
    )  # fmt: skip
    Workspace.objects.filter(pk=committed_cast.away.pk).update(is_sample=True)  # or there is no page of backups
    made = {"customer": hotel, "deal": deal, "lead": lead, "task": task}
    at = [f"/{key}/{one.pk}" for key, one in made.items()]
    return [
        "/", "/customer/", "/customer/?filter=name+contains+zzzq", "/deal/", "/task/", "/deal/board", *at,
        "/deal/?group=stage&sort=-amount,name", "/deal/board?lanes=owner", "/deal/views/new?filter=owner+is+me",
        "/deal/?filter=name+is+x+andd", "/deal/filter?field=close_on", "/deal/filter?field=has:leads",
        f"/customer/{person.pk}", f"/user/{committed_cast.ben.pk}", f"{at[0]}/history", f"{at[0]}/edit",
        f"/customer/{person.pk}", f"/user/{committed_cast.ben.pk}", f"{at[0]}/history", f"{at[0]}/edit", f"{at[0]}/peek",
        f"{at[1]}/do/lose", f"{at[2]}/do/convert", f"{at[3]}/do/done",
        "/customer/new", "/deal/new", "/customer/filter", "/quick-add?type=customer", "/search?q=al", "/settings/",
        "/settings/account", "/settings/tokens", "/settings/packs", "/settings/packs/travel", "/settings/layouts", "/settings/layouts/customer", "/settings/fields", "/settings/fields/customer", f"/settings/fields/customer/{choice.pk}/choices", f"/settings/fields/customer/{choice.pk}/kind", "/customer/board", "/custom_field/new", "/settings/shortcuts", "/customer/nonsense",
        f"/settings/roles/{committed_cast.ben.role_id}", f"{at[0]}/access", f"/user/{committed_cast.ben.pk}/sees",
        "/settings/security", "/settings/people/invite", "/settings/sso", "/workspaces",
        "/settings/audit", "/settings/audit?verb=erased&who=&type=customer&since=x", f"/customer/{person.pk}/data",
        "/settings/import", f"/settings/import/{run.pk}/columns", f"/settings/import/{run.pk}/check",
        "/settings/follow-ups", "/settings/follow-ups/new?preset=no_contact", "/notices", "/settings/notices",
        f"/customer/{person.pk}/do/erase", f"/customer/{person.pk}/do/consent",
        *[f"/calendar?view={view}" for view in ("month", "week", "day", "agenda")], f"/calendar/move/task/{task.pk}",
        f"/calendar?who={committed_cast.ana.pk},{committed_cast.ben.pk}", "/calendar/import", "/settings/calendar",
        "/duplicates/customer/review", "/duplicates/lead/merges", f"/customer/{person.pk}/merge/{twin.pk}",
        f"/duplicates/customer/group/{pair.pk}", "/duplicates/lead/among/customer",
        "/settings/webhooks", "/settings/webhooks/new", "/settings/backups", "/docs/api", "/docs/api?type=deal", "/docs/api?q=lose",
        f"{at[0]}/network", f"{at[0]}/timeline?q=beans",
    ]  # fmt: skip


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_pages_pass_axe(
    width: int, dark: bool, addresses: list[str], committed_cast: Cast, live: Any, sign_in: Callable[..., None],
    open_page: Callable[..., Any],
) -> None:  # fmt: skip
    """No violation on any main page."""
    page = open_page(width, dark=dark)
    page.goto(f"{live.url}/sign-in/")
    wrong = [f"/sign-in/ {one}" for one in violations(page)]
    sign_in(page, live, Account.objects.get(pk=committed_cast.ana.account_id))
    for address in addresses:
        page.goto(live.url + address)
        page.wait_for_load_state("networkidle")
        wrong += [f"{address} {one}" for one in violations(page)]
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{address} is too wide"
    assert not wrong, "\n".join(wrong)


def violations(page: Any) -> list[str]:
    """What axe finds on the page as it stands; evaluated, not added as a script, which the policy would refuse."""
    assert AXE.is_file(), "axe-core is missing: python frontend/build.py --dev"
    page.evaluate(AXE.read_text(encoding="utf-8") + ";0")
    return page.evaluate(RUN)
