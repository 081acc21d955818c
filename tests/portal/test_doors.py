"""The doors of the portal: who gets in, by what, how often; and that neither session opens the other's rooms."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

import pytest
from django.core import mail, signing
from django.test import Client

import rapport.engines.portal as engine
import rapport.surfaces.web.portal as pages
from rapport.engines.notices.models import Notice
from rapport.engines.portal.accounts import TWICE
from rapport.engines.portal.entering import begin, thin, use_link
from rapport.engines.portal.models import PortalAccount, PortalLink, PortalPassword, PortalSession
from rapport.kernel.actions.running import run_action
from rapport.kernel.jobs.models import Job
from rapport.surfaces.web.portal.answering import COOKIE
from tests.access.masks import masked
from tests.cast import Cast, program
from tests.portal.desk import enter, guest, invite, mail_all, person, portal, text_of

AT = "/portal/fernhill/"
PASSWORD = "a garden full of rain"


@pytest.fixture(autouse=True)
def site(cast: Cast) -> object:
    return portal(cast.home)


def ask(email: str, client: Client | None = None) -> object:
    return (client or program()).post(f"{AT}enter", {"email": email})


def test_a_link_is_good_once_and_looking_uses_nothing_up(cast: Cast) -> None:
    link = invite(cast.ctx("ana"), person(cast.ctx("ana")))
    client = program()
    for _often in range(3):
        assert "maya@example.org" in text_of(client, link)
    assert not PortalSession.objects.filter(workspace_id=cast.home.pk).exists() and COOKIE not in client.cookies
    enter(link, client)
    assert "Hello Maya" in text_of(client, AT)
    for answer in (client.get(link), program().get(link), program().post(link)):
        assert answer.status_code == 404 and "no longer good" in answer.content.decode() and COOKIE not in answer.cookies


def test_a_link_ends_and_of_two_presses_one_wins(cast: Cast) -> None:
    ctx = cast.ctx("ana")
    person(ctx)
    program()
    link = invite(ctx, ctx.create("customer", kind="person", name="Lea Lund", emails=["lea@example.org"]))
    PortalLink.objects.filter(workspace_id=cast.home.pk).update(ends_at=dt.datetime.now(dt.UTC))
    dead = program().post(link)
    made_up = program().post(f"{AT}link/never-made")
    assert (dead.status_code, masked(dead)) == (404, masked(made_up))
    ask("lea@example.org")
    [link] = mail_all()
    found = PortalLink.objects.filter(workspace_id=cast.home.pk).latest("ends_at")
    assert dt.timedelta(minutes=14) < found.ends_at - dt.datetime.now(dt.UTC) <= dt.timedelta(minutes=15)
    secret = link.rpartition("/")[2]
    assert secret not in str(PortalLink.objects.filter(workspace_id=cast.home.pk).values()), "kept as a hash"
    assert use_link(cast.home, secret) is not None and use_link(cast.home, secret) is None
    assert thin(cast.home, dt.datetime.now(dt.UTC) + dt.timedelta(days=30)) >= 2


def test_a_link_of_another_portal_opens_nothing_here(cast: Cast) -> None:
    """The same slug and secret of two workspaces; and a cookie made for one means nothing in the other."""
    portal(cast.away, "elsewhere")
    link = invite(cast.ctx("ana"), person(cast.ctx("ana")))
    other = link.replace("/fernhill/", "/elsewhere/")
    assert program().get(other).status_code == 404 and program().post(other).status_code == 404
    client = enter(link)
    morsel = client.cookies[COOKIE]
    assert (morsel["path"], morsel["httponly"], morsel["samesite"]) == (AT, True, "Lax")
    stranger = program()
    stranger.cookies[COOKIE] = morsel.value
    assert stranger.get("/portal/elsewhere/").headers["Location"] == "/portal/elsewhere/enter"


def test_asking_answers_alike_whoever_is_known(cast: Cast) -> None:
    """Known, unknown, closed, without an invitation, twins, away: the same bytes, the same queries, and one job each."""
    ctx = cast.ctx("ana")
    known, closed = person(ctx, "Known", "known@example.org"), person(ctx, "Closed", "closed@example.org")
    invite(ctx, known)
    invite(ctx, closed)
    run_action(ctx, closed, "close_portal", {})
    person(ctx, "Uninvited", "uninvited@example.org")
    person(ctx, "One", "twins@example.org")
    person(ctx, "Other", "twins@example.org")
    said = set()
    for email in ("known@example.org", "nobody@example.org", "closed@example.org", "uninvited@example.org", "twins@example.org"):
        answer = ask(email)
        said.add((answer.status_code, masked(answer).replace(email, "EMAIL")))
        assert Job.objects.filter(task="web.portal_link").count() == 1
        links = mail_all()
        assert bool(links) == (email == "known@example.org")
    assert len(said) == 1
    assert mail.outbox[-1].to == ["known@example.org"]


def test_twins_are_told_to_their_owners_once(cast: Cast) -> None:
    ctx = cast.ctx("ana")
    person(ctx, "One", "twins@example.org")
    person(ctx, "Other", "twins@example.org", owner=cast.ben.pk)
    for _often in range(2):
        ask("twins@example.org")
        assert not mail_all()
    told = Notice.objects.filter(workspace_id=cast.home.pk, event=TWICE)
    assert {one.user_id for one in told} == {cast.ana.pk, cast.ben.pk} and len(told) == 2
    assert "Two people have the same address" in cast.client("ana").get("/notices").content.decode()


def test_who_has_an_account_and_got_a_twin_is_out_until_that_is_settled(cast: Cast) -> None:
    ctx = cast.ctx("ana")
    maya = person(ctx)
    link = invite(ctx, maya)
    twin = person(ctx, "Maja", "maya@example.org")
    assert program().get(link).status_code == 404
    ctx.delete(twin)
    assert program().get(link).status_code == 200
    ctx.write(maya, emails=["other@example.org"])
    assert program().get(link).status_code == 404, "an address that is no longer theirs opens nothing"


def test_an_open_portal_lets_everybody_in_who_is_written_down(cast: Cast) -> None:
    ctx = cast.ctx("ana")
    maya = person(ctx)
    ctx.create("customer", kind="company", name="Firm", emails=["firm@example.org"])
    ask("maya@example.org")
    assert not mail_all() and not PortalAccount.objects.filter(workspace_id=cast.home.pk).exists()
    portal(cast.home, is_open=True)
    ask("firm@example.org")
    assert not mail_all(), "a company is nobody"
    ask("MAYA@Example.org")
    [link] = mail_all()
    assert "Hello Maya" in text_of(enter(link), AT)
    run_action(ctx, maya, "close_portal", {})
    ask("maya@example.org")
    assert not mail_all(), "closed stays closed"


def test_a_password_opens_and_wrong_ones_read_alike(cast: Cast) -> None:
    ctx = cast.ctx("ana")
    client = guest(ctx)
    person(ctx, "Lea", "lea@example.org")
    assert client.post(f"{AT}account", {"what": "password", "password": "short"}).status_code == 422
    assert client.post(f"{AT}account", {"what": "password", "password": PASSWORD}).status_code == 303
    assert "Hello Maya" in text_of(client, AT), "this browser stays signed in"
    stored = PortalPassword.objects.get(workspace_id=cast.home.pk).password
    assert PASSWORD not in stored and stored.count("$") > 1
    said = set()
    for email, password in (("maya@example.org", "wrong"), ("nobody@example.org", PASSWORD), ("lea@example.org", PASSWORD)):
        answer = program().post(f"{AT}password", {"email": email, "password": password})
        said.add((answer.status_code, masked(answer).replace(email, "EMAIL")))
        assert COOKIE not in answer.cookies
    assert len(said) == 1
    by_password = program()
    assert by_password.post(f"{AT}password", {"email": "Maya@example.org", "password": PASSWORD}).status_code == 303
    assert "Hello Maya" in text_of(by_password, AT)
    again = by_password.post(f"{AT}account", {"what": "password", "password": "another garden", "current": "wrong"})
    assert again.status_code == 422 and "not your password" in again.content.decode()
    assert by_password.post(f"{AT}account", {"what": "no_password", "current": PASSWORD}).status_code == 303
    assert client.get(AT).status_code == 302, "every other browser is signed out"
    assert program().post(f"{AT}password", {"email": "maya@example.org", "password": PASSWORD}).status_code == 422
    assert program().post(f"{AT}password", {"email": "maya@example.org", "password": ""}).status_code == 422


def test_signing_out_here_and_everywhere(cast: Cast) -> None:
    ctx = cast.ctx("ana")
    maya = person(ctx)
    one, other = guest(ctx, maya), guest(ctx, maya)
    kept = one.cookies[COOKIE].value
    one.post(f"{AT}leave")
    assert one.get(AT).status_code == 302
    thief = program()
    thief.cookies[COOKIE] = kept
    assert thief.get(AT).status_code == 302, "the session is over on the server, whoever kept the cookie"
    third = guest(ctx, maya)
    waiting = invite(ctx, maya)
    other.post(f"{AT}account", {"what": "everywhere"})
    assert other.get(AT).status_code == third.get(AT).status_code == 302
    assert program().post(waiting).status_code == 404
    assert not PortalSession.objects.filter(workspace_id=cast.home.pk).exists()


def test_a_planted_session_becomes_nobodys(cast: Cast) -> None:
    """Who plants their own cookie before the other signs in finds it ended, and never sees the other's session."""
    ctx = cast.ctx("ana")
    attacker = guest(ctx, person(ctx, "Eve", "eve@example.org"))
    planted = attacker.cookies[COOKIE].value
    link = invite(ctx, person(ctx))
    victim = program()
    victim.cookies[COOKIE] = planted
    answer = victim.post(link)
    assert answer.cookies[COOKIE].value != planted
    assert attacker.get(AT).status_code == 302, "the planted one ended"
    assert "Hello Maya" in text_of(victim, AT)
    forged = program()
    forged.cookies[COOKIE] = planted[:-4] + "abcd"
    assert forged.get(AT).status_code == 302


def test_neither_session_opens_the_others_rooms(cast: Cast) -> None:
    """The app's cookie is nobody in the portal; the portal's is nobody in the app, the API and files."""
    client = guest(cast.ctx("ana"))
    for address in ("/", "/customer/", "/settings/", "/bell", "/file/some-key"):
        assert client.get(address).headers["Location"].startswith("/sign-in/"), address
    assert client.get("/api/v1/customer").status_code == 401
    for name in ("sessionid", "__Host-sessionid"):
        client.cookies[name] = client.cookies[COOKIE].value
    assert client.get("/customer/").headers["Location"].startswith("/sign-in/")
    ana = cast.client("ana")
    ana.cookies[COOKIE] = ana.cookies["sessionid"].value
    assert ana.get(AT).headers["Location"] == f"{AT}enter"
    assert ana.get(f"{AT}tickets/").headers["Location"] == f"{AT}enter"


def test_forms_of_other_sites_do_nothing(cast: Cast) -> None:
    """Every POST wants the token of a page of ours: with the guest's cookie and without."""
    link = invite(cast.ctx("ana"), person(cast.ctx("ana")))
    strict = Client(enforce_csrf_checks=True)
    assert strict.post(link).status_code == 403
    page = strict.get(link).content.decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)[1]  # type: ignore[index]
    assert strict.post(link, {"csrfmiddlewaretoken": token}).status_code == 303
    assert strict.post(link, {"csrfmiddlewaretoken": token}).status_code == 403, "the token is a new one too"
    for where in ("tickets/do/write", "details/do/save", "consents/do/give", "account", "leave", "enter", "password"):
        assert strict.post(f"{AT}{where}", {"subject": "x", "body": "x"}).status_code == 403, where
        assert strict.post(f"{AT}{where}", {}, headers={"origin": "https://evil.example"}).status_code == 403, where
    assert "Hello Maya" in text_of(strict, AT)


def test_tries_are_slowed(cast: Cast) -> None:
    """Links asked for, passwords, links guessed, and what one guest writes."""
    codes = [ask("maya@example.org").status_code for _often in range(6)]
    assert codes[0] == 200 and codes[-1] == 422
    wrong = [program().post(f"{AT}password", {"email": "x@example.org", "password": "no"}).status_code for _often in range(8)]
    assert wrong[0] == 422 and wrong[-1] == 429
    guessed = [program().post(f"{AT}link/guess-{n}").status_code for n in range(64)]
    assert guessed[0] == 404 and guessed[-1] == 429
    client = guest_again(cast)
    written = [client.post(f"{AT}preferences/do/add", {"what": f"Thing {n}", "wish": "x"}).status_code for n in range(64)]
    assert written[0] == 303 and written[-1] == 429


def guest_again(cast: Cast) -> Client:
    """A guest whose session begins past the doors, which wait by now."""
    invite(cast.ctx("ana"), person(cast.ctx("ana"), "Lea", "lea@example.org"))
    secret = begin(PortalAccount.objects.get(workspace_id=cast.home.pk))
    client = program()
    client.cookies[COOKIE] = signing.dumps([cast.home.pk.hex, secret], salt="rapport.portal.session")
    return client


def test_the_headers_say_that_nobody_keeps_or_lists_it(cast: Cast) -> None:
    client = guest(cast.ctx("ana"))
    for address in (AT, f"{AT}tickets/", f"{AT}details/", f"{AT}account", f"{AT}articles/fitting?q=x"):
        answer = client.get(address)
        assert (answer.headers["Cache-Control"], answer.headers["X-Robots-Tag"]) == ("no-store", "noindex"), address
        assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["Referrer-Policy"] == "same-origin"
    assert program().get(f"{AT}enter").headers["X-Robots-Tag"] == "noindex"


def test_off_and_gone_workspaces_have_no_portal(cast: Cast) -> None:
    client = guest(cast.ctx("ana"))
    nowhere = masked(program().get("/portal/nowhere/"))
    portal(cast.home, is_on=False)
    for address in (AT, f"{AT}enter", f"{AT}tickets/", f"{AT}link/x", f"{AT}account"):
        assert masked(client.get(address)) == nowhere, address
    assert client.post(f"{AT}enter", {"email": "maya@example.org"}).status_code == 404
    assert program().get("/portal/a%00b/").status_code == 404


def test_no_name_of_a_person_reaches_a_mail_header_or_a_stranger(cast: Cast) -> None:
    """The entrance and a dead link say the portal's name and nothing else."""
    person(cast.ctx("ana"))
    for address in (f"{AT}enter", f"{AT}password", f"{AT}link/x"):
        page = program().get(address).content.decode()
        assert "Fernhill portal" in page and "Maya" not in page and "Ana" not in page
    site = portal(cast.home, name="Evil\r\nBcc: all@example.org")
    invite(cast.ctx("ana"), person(cast.ctx("ana"), "Lea", "lea@example.org"))
    assert "\n" not in mail.outbox[-1].subject and mail.outbox[-1].recipients() == ["lea@example.org"] and site.is_on


def test_the_portal_knows_no_viewer() -> None:
    """Neither engine nor pages ask the gate or make a viewer; people of ours do, in the two files that serve them."""
    ours = {"settings_page.py", "invitations.py"}
    for folder in (engine, pages):
        for path in Path(str(folder.__path__[0])).rglob("*.py"):
            text = path.read_text(encoding="utf-8")
            if path.name not in ours:
                assert "access.gate" not in text and "import gate" not in text and "context_for" not in text, path
