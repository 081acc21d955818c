"""Every page passes axe, in both themes, on a desk and on a phone; axe-core comes from frontend/node_modules and is
never shipped."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import pytest

from rapport.engines.duplicates.models import DuplicatePair
from rapport.engines.imports.check import Check
from rapport.engines.imports.models import ImportRun
from rapport.engines.imports.session import table_of, take_in
from rapport.engines.mail.models import OutgoingMail
from rapport.engines.mail.outbox import queue_mail
from rapport.engines.webforms.models import PublicForm
from rapport.kernel.access.models import Account, Workspace
from rapport.modules.satisfaction.asks import claim, due, put
from tests.cast import Cast, first_stage_id
from tests.factory import make
from tests.mail.letters import deliver, letter
from tests.platform.passes import ROOT
from tests.platform.settled import come_to_rest
from tests.publishing.desk import article, help_centre

pytestmark = pytest.mark.browser

AXE = ROOT / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
RUN = """async (only) => (await axe.run(document, {resultTypes: ['violations'], ...only})).violations.flatMap(
  (found) => found.nodes.map((node) => `${found.id}: ${node.html.slice(0, 160)}`))"""
#: Of the rules that hold by default those that ask for a colour.
ONLY_COLOURS = {"runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}}


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
    topic = make(ctx, "topic", name="Grinding")
    help_article = article(ctx, "Grind coarser", body="# Why\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n`code`", topic=topic.pk)
    help_centre(committed_cast.home)
    form = make(ctx, "web_form", name="Contact", is_open=True, consent_text="You may write to me.")
    public = PublicForm.objects.get(workspace_id=committed_cast.home.pk, record_id=form.pk).key
    ticket = make(ctx, "ticket", subject="Grinder is dead", body="It will not start", kind="complaint", customer=hotel.pk, owner=committed_cast.ana.pk)
    make(ctx, "ticket_entry", ticket=ticket.pk, kind="note", body="Look at the relay")
    make(ctx, "saved_reply", name="On our way")
    box = make(ctx, "mailbox", name="Ana", address="ana@fernhill.example", owner=committed_cast.ana.pk, smtp_host="smtp.example.com")
    make(ctx, "mail_template", name="Hello", subject="", body="Dear {{person.name}}")
    waiting = queue_mail(committed_cast.ctx("ana"), box, to=["jo@kunde.example"], subject="Offer", text="Please.", undo_seconds=9_999)
    OutgoingMail.objects.filter(pk=waiting.pk).update(state="uncertain", problem="uncertain")
    jo = make(ctx, "customer", name="Jo Kunde", kind="person", emails=["jo@kunde.example"])
    survey = make(ctx, "survey", name="After a ticket", is_active=True)
    for score in (5, 4, 2, 1, 5):
        rating = make(ctx, "survey_answer", survey=survey.pk, score=score, person=person.pk, ticket=ticket.pk, comment="Too slow")
    put(ctx, survey, jo.pk, "hand:today", ctx.format.now)  # type: ignore[arg-type]
    asked = claim(committed_cast.system, due(committed_cast.home, 1)[0])
    assert asked is not None
    html = "<p>Yes, please.</p><img src='https://track.example/a.gif'>"
    letters = deliver(committed_cast.system, box, letter(1), letter(2, answers="1", html=html, file=("offer.pdf", b"x")))
    made = {"customer": hotel, "deal": deal, "lead": lead, "task": task}
    at = [f"/{key}/{one.pk}" for key, one in made.items()]
    return [
        "/", "/customer/", "/customer/?filter=name+contains+zzzq", "/deal/", "/task/", "/deal/board", *at,
        "/deal/?group=stage&sort=-amount,name", "/deal/board?lanes=owner", "/deal/views/new?filter=owner+is+me",
        "/deal/?filter=name+is+x+andd", "/deal/filter?field=close_on", "/deal/filter?field=has:leads",
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
        "/settings/telephone",
        "/settings/mailboxes", f"/settings/mailboxes/{box.pk}", f"/settings/mailboxes/{box.pk}/ledger", "/mail_subject/",
        "/outbox", "/write?to=jo@kunde.example", f"/write?answers={letters[1]}&how=all", f"/mail/{letters[1]}", f"/mail/{letters[1]}/do/share_conversation",
        "/settings/webhooks", "/settings/webhooks/new", "/settings/backups", "/docs/api", "/docs/api?type=deal", "/docs/api?q=lose",
        f"/article/{help_article.pk}", f"/article/{help_article.pk}/edit", f"/article/{help_article.pk}/versions", "/article/",
        "/settings/help-centre", "/settings/help-gaps", "/help/fernhill/en/", "/help/fernhill/en/topic/grinding",
        "/help/fernhill/en/article/grind-coarser", "/help/fernhill/en/search?q=grind", "/help/fernhill/en/search?q=nothing",
        "/help/nowhere/en/", f"/web_form/{form.pk}", f"/web_form/{form.pk}/questions", f"/form/{public}", f"/form/{public}/sent",
        f"{at[0]}/network", f"{at[0]}/timeline?q=beans", "/ticket/", f"/ticket/{ticket.pk}", f"/ticket/{ticket.pk}/do/solve", "/complaint/?group=cause",
        "/satisfaction", "/satisfaction?period=own", f"/survey/{survey.pk}", f"/survey_answer/{rating.pk}", f"/ticket/{ticket.pk}/do/rate",
        f"/rate/{asked[3]}?score=2", f"/rate/{asked[3]}/stop",
    ]  # fmt: skip


@pytest.mark.parametrize("width", [1440, 390])
def test_pages_pass_axe(
    width: int, addresses: list[str], committed_cast: Cast, live: Any, sign_in: Callable[..., None], open_page: Callable[..., Any]
) -> None:
    """No violation on any main page, light or dark; themes change while a page is open, as when the evening comes."""
    page = open_page(width)
    page.goto(f"{live.url}/sign-in/")
    wrong = _in_both_themes(page, "/sign-in/")
    sign_in(page, live, Account.objects.get(pk=committed_cast.ana.account_id))
    for address in dict.fromkeys(addresses):
        page.goto(live.url + address)
        come_to_rest(page)
        wrong += _in_both_themes(page, address)
    assert not wrong, "\n".join(wrong)


def _in_both_themes(page: Any, address: str) -> list[str]:
    found = []
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") == theme
        # The dark theme changes colours and nothing else (tests/test_styles.py).
        found += [f"{address} {theme} {one}" for one in violations(page, colours_only=theme == "dark")]
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{address} is too wide"
    return found


@cache
def _axe() -> str:
    return AXE.read_text(encoding="utf-8") + ";0"


def violations(page: Any, *, colours_only: bool = False) -> list[str]:
    """What axe finds on the page as it stands; evaluated, not added as a script, which the policy would refuse."""
    assert AXE.is_file(), "axe-core is missing: python frontend/build.py --dev"
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(_axe())
    return page.evaluate(RUN, ONLY_COLOURS if colours_only else {})
