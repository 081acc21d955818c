"""Mail is private to those who took part, on every surface and whatever a role says; what is shared is shared by layers."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from rapport.engines.duplicates.merging import merge_now
from rapport.engines.egress import Answer
from rapport.engines.mail import access_tokens
from rapport.engines.mail.models import Mailbox, MailboxState
from rapport.engines.mail.problems import MailProblem, sentence
from rapport.engines.mail.secrets import seal, unseal
from rapport.engines.privacy.erasing import erase_subject
from rapport.engines.timeline.read import read_timeline
from rapport.kernel.access import gate
from rapport.kernel.access.explain import who_sees
from rapport.kernel.actions.running import run_action
from rapport.kernel.changes.models import Change
from rapport.kernel.errors import Gone, Invalid, Refused
from rapport.kernel.query.models import SearchEntry
from rapport.kernel.query.search import search
from rapport.kernel.records.registry import registry
from rapport.modules.mail.models import Mail, MailFile, MailText
from tests.cast import Cast
from tests.mail.conftest import read
from tests.mail.dovecot import Dovecot
from tests.mail.letters import letter

NewMailbox = Callable[..., Mailbox]
_LAYERS = ("mail", "mail_subject", "mail_text")
#: What nobody outside may ever read.
_CANARIES = ("Zanzibar", "kumquat", "plan-9")


@pytest.fixture
def bens(cast: Cast, new_mailbox: NewMailbox, dovecot: Dovecot) -> Mailbox:
    """Ben's mailbox with one letter to him and Cem. Ana owns the workspace and may everything; Ben is in team North."""
    person = cast.system.create("customer", kind="person", name="Jo Kunde", emails=["jo@kunde.example"], owner=cast.ben.pk)
    cast.system.write(person, team=cast.ben.team_id)
    box = new_mailbox("ben")
    to = f"ben@fernhill.example, {cast.cem.account.email}"
    dovecot.put(box.user_name, [letter(1, to=to, subject="Zanzibar", text="kumquat", file=("plan-9.txt", b"x"))])
    read(cast, box)
    return box


def _seen(cast: Cast, who: str) -> list[int]:
    """How many records of each layer somebody sees."""
    ctx = cast.ctx(who)
    return [gate.visible(ctx, registry.get(key)).count() for key in (*_LAYERS, "mail_file", "mail_person")]


def _whole_surface(cast: Cast, who: str) -> str:
    """Everything that pages, the API, exports, search and history tell somebody, in one text."""
    web, api, found = cast.client(who), cast.api(who), ""
    for key in (*_LAYERS, "mail_file", "mail_person"):
        found += _got(web, f"/{key}/") + _got(api, f"/api/v1/{key}")
    mail, person = Mail.objects.get(), registry.get("customer").model.objects.get(name="Jo Kunde")
    found += _got(web, f"/mail/{mail.pk}") + _got(api, f"/api/v1/mail/{mail.pk}") + _got(web, f"/customer/{person.pk}")
    for word in _CANARIES:
        found += _got(web, f"/search/?q={word}").replace(word, "", 20) if who == "nobody" else ""
        found += str(search(cast.ctx(who), word))
    ctx = cast.ctx(who)
    if gate.visible(ctx, registry.get("customer")).filter(pk=person.pk).exists():
        found += str(read_timeline(ctx, registry.get("customer"), person.pk).entries)
    return found + _got(web, "/settings/audit") + _got(api, "/api/v1/changes?after=0")


def _got(client: Client, url: str) -> str:
    return client.get(url).content.decode()


def test_only_who_took_part_sees_anything(cast: Cast, bens: Mailbox) -> None:
    """Ben and Cem see all; Ana, whose role may do everything, sees that nothing is there."""
    assert _seen(cast, "ben") == _seen(cast, "cem") == [1, 1, 1, 1, 1]
    assert _seen(cast, "ana") == [0, 0, 0, 0, 0]
    bens_view, anas_view = _whole_surface(cast, "ben"), _whole_surface(cast, "ana")
    for word in _CANARIES:
        assert word in bens_view and word not in anas_view, word
    mail = Mail.objects.get()
    for ctx, ident in ((cast.ctx("ana"), mail.pk), (cast.ctx("ana"), cast.home.pk)):
        with pytest.raises(Gone) as gone:
            gate.get(ctx, registry.get("mail"), ident)
        assert str(gone.value) == "This e-mail exchange does not exist, or you may not see it."
    key = MailFile.objects.get().file["key"]
    assert cast.client("ana").get(f"/file/{key}").status_code == 404 and cast.client("ben").get(f"/file/{key}").status_code == 200


@pytest.mark.parametrize(("share", "layers"), [("none", 0), ("happened", 1), ("subject", 2), ("everything", 3)])
def test_a_mailbox_shares_layer_by_layer(cast: Cast, bens: Mailbox, share: str, layers: int) -> None:
    """That it happened, the subject, everything: to colleagues, at once, and taken back at once."""
    cast.ctx("ben").write(bens, share=share)
    assert _seen(cast, "ana")[:3] == [1] * layers + [0] * (3 - layers)
    assert _seen(cast, "ana")[3] == (1 if layers == 3 else 0)
    told = _whole_surface(cast, "ana")
    assert ("Zanzibar" in told, "kumquat" in told) == (layers >= 2, layers >= 3)
    bens.refresh_from_db()
    cast.ctx("ben").write(bens, share="none")
    assert _seen(cast, "ana") == [0, 0, 0, 0, 0]
    assert _seen(cast, "cem") == [1, 1, 1, 1, 1], "who took part keeps it"


def test_nobody_gets_at_it_by_other_ways(cast: Cast, bens: Mailbox) -> None:
    """No sharing by the owner of the workspace, no rule, no default, no line of people, no change of the mailbox."""
    ana = cast.ctx("ana")
    for values in ({"share": "everything"}, {"owner": cast.ana.pk}, {"imap_host": "evil.example"}, {"kind": "shared"}):
        with pytest.raises(Invalid, match="Only the person this mailbox belongs to"):
            ana.write(bens, **values)
    with pytest.raises(Invalid):
        ana.create("sharing_rule", name="All mail", on_type="mail", to_user=cast.ana.pk)
    cast.system.write(cast.ben, reports_to=cast.ana.pk)
    with pytest.raises(Invalid):
        cast.system.create("access_default", on_type="mail", reach="read")
    assert _seen(cast, "ana") == [0, 0, 0, 0, 0]
    with pytest.raises(Refused):
        ana.create("mail", people="forged")
    mail = Mail.objects.get()
    with pytest.raises(Refused):
        cast.ctx("ben").write(mail, people="changed")
    names = {one.name for one in who_sees(cast.system, registry.get("mail"), mail)}
    assert names == {cast.ben.name, cast.cem.name}


def test_a_team_shares_its_mailbox(cast: Cast, new_mailbox: NewMailbox, dovecot: Dovecot) -> None:
    """Everybody of the team sees its mail, nobody else."""
    cast.system.create("customer", kind="person", name="Jo Kunde", emails=["jo@kunde.example"])
    box = new_mailbox("ben", kind="shared", owner=None, team=cast.ben.team_id, address="info@fernhill.example")
    dovecot.put(box.user_name, [letter(1, to="info@fernhill.example")])
    read(cast, box)
    assert (_seen(cast, "ben")[0], _seen(cast, "cem")[0], _seen(cast, "ana")[0]) == (1, 0, 0)


def test_a_secret_is_never_shown(cast: Cast, bens: Mailbox) -> None:
    """Not by a page, not by the API; and a mailbox that leads elsewhere forgets it."""
    told = _got(cast.client("ben"), f"/mailbox/{bens.pk}") + _got(cast.api("ben"), f"/api/v1/mailbox/{bens.pk}")
    assert "wörd" not in told and "secret" not in told
    cast.ctx("ben").write(bens, imap_host="localhost")
    assert MailboxState.objects.get(mailbox_id=bens.pk).secret == ""


def test_a_customer_and_a_conversation_may_say_otherwise(cast: Cast, bens: Mailbox) -> None:
    """The narrower place counts: a conversation before its customer, both before the mailbox; only the owner may say so."""
    mail, ben = Mail.objects.get(), cast.ctx("ben")
    run_action(ben, mail, "share_customer", {"share": "subject"})
    assert _seen(cast, "ana")[:3] == [1, 1, 0]
    run_action(ben, mail, "share_conversation", {"share": "everything"})
    assert _seen(cast, "ana")[:3] == [1, 1, 1]
    run_action(ben, mail, "share_conversation", {"share": "none"})
    assert _seen(cast, "ana")[:3] == [0, 0, 0]
    with pytest.raises(Refused):
        run_action(cast.ctx("cem"), mail, "share_conversation", {"share": "everything"})


def test_a_conversation_is_shown_whole_and_harmless(cast: Cast, new_mailbox: NewMailbox, dovecot: Dovecot) -> None:
    """Answers hang together, what is quoted is folded, pictures wait for a word and then load from their own page only."""
    cast.system.create("customer", kind="person", name="Jo Kunde", emails=["jo@kunde.example"])
    box = new_mailbox("ana")
    html = '<p>Yes</p><script>alert(1)</script><img src="https://track.example/p.gif">'
    dovecot.put(box.user_name, [letter(1), letter(2, sender="ana@fernhill.example", to="jo@kunde.example", answers="1"),
                                letter(3, answers="2", text="Yes.\n\n> quoted words\n", html=html)])  # fmt: skip
    read(cast, box)
    assert len(set(Mail.objects.values_list("thread", flat=True))) == 1
    client, mail = cast.client("ana"), Mail.objects.get(message_id="3@letters.example")
    page = _got(client, f"/mail/{mail.pk}")
    assert page.count('class="card letter') == 3 and "quoted words" in page and "1 picture is not loaded" in page
    assert "track.example" not in page and "alert(1)" not in page
    shown = client.get(f"/mail_text/{MailText.objects.get(mail_id=mail.pk).pk}/html")
    assert "track.example" in shown.content.decode() and "img-src https:" in shown["Content-Security-Policy"]
    assert "img-src 'self'" in client.get(f"/mail/{mail.pk}")["Content-Security-Policy"]
    assert cast.client("ben").get(f"/mail_text/{MailText.objects.get(mail_id=mail.pk).pk}/html").status_code == 404


def test_a_forger_joins_no_conversation_and_counts_as_unverified(cast: Cast, new_mailbox: NewMailbox, dovecot: Dovecot) -> None:
    """References alone are not enough without a common participant; only the named server's verdict is believed."""
    for name in ("jo@kunde.example", "eva@evil.example"):
        cast.system.create("customer", kind="person", name=name, emails=[name])
    box, ben = new_mailbox("ana", trusted_server="mx.fernhill.example"), new_mailbox("ben")
    good = {"Authentication-Results": "mx.fernhill.example; dmarc=pass"}
    forged = {"Authentication-Results": "evil.example; dmarc=pass"}
    dovecot.put(box.user_name, [letter(1, more=good), letter(2, sender="jo@kunde.example", more=forged)])
    dovecot.put(ben.user_name, [letter(3, sender="eva@evil.example", to="ben@fernhill.example", answers="1")])
    read(cast, box)
    read(cast, ben)
    checks = dict(Mail.objects.values_list("message_id", "sender_check"))
    assert (checks["1@letters.example"], checks["2@letters.example"]) == ("pass", "")
    threads = dict(Mail.objects.values_list("message_id", "thread"))
    assert threads["3@letters.example"] != threads["1@letters.example"]


def test_the_pages_of_a_mailbox(cast: Cast, bens: Mailbox) -> None:
    """Set up, see how it does, the ledger, look again: its owner may; the owner of the workspace sees no message in it."""
    ben, ana = cast.client("ben"), cast.client("ana")
    at = f"/settings/mailboxes/{bens.pk}"
    assert "Up to date" in _got(ben, "/settings/mailboxes") and "Every message that was seen" in _got(ben, at)
    assert "1@letters.example" in _got(ben, f"{at}/ledger") and ana.get(f"{at}/ledger").status_code == 403
    assert ana.get(at).status_code == 200
    assert ben.post(f"{at}/look", {"address": "jo@kunde.example"}).status_code == 302
    assert ana.post(f"{at}/look", {"address": "jo@kunde.example"}).status_code == 403
    form = {"fields_shown": "name,share", "name": "Mine", "share": "subject", "secret": "new"}
    assert ben.post(at, form).status_code == 302
    assert _seen(cast, "ana")[:3] == [1, 1, 0]


def test_an_erased_person_leaves_nothing(cast: Cast, bens: Mailbox) -> None:
    """Subject, text, HTML and files of their mail go, from tables, search and log alike."""
    person = registry.get("customer").model.objects.get(name="Jo Kunde")
    erase_subject(cast.ctx("ana"), person, reason="asked")
    assert (Mail.objects.count(), MailText.objects.count(), MailFile.objects.count()) == (0, 0, 0)
    told = str(list(Change.objects.values_list("diff", flat=True))) + str(list(SearchEntry.objects.values_list("text", flat=True)))
    assert not [word for word in _CANARIES if word.lower() in told.lower()]


def test_who_may_say_what_is_shared_does_not_hang_on_a_merge(cast: Cast, bens: Mailbox) -> None:
    """Mail moves with its customer and stays private."""
    other = cast.system.create("customer", kind="person", name="Jo K.")
    first = registry.get("customer").model.objects.get(name="Jo Kunde")
    merge_now(cast.ctx("ana"), registry.get("customer"), other.pk, first.pk, {})
    assert Mail.objects.get().customer_id == other.pk
    assert _seen(cast, "ben")[0] == 1 and _seen(cast, "ana")[0] == 0


def test_access_tokens_are_fetched_and_kept(cast: Cast, bens: Mailbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """A refresh token becomes an access token, which is used until it ends; a refusal says what to do."""
    asked: list[bytes] = []

    def answer(method: str, url: str, **given: object) -> Answer:
        asked.append(given["body"])  # type: ignore[arg-type]
        good = len(asked) == 1
        body = b'{"access_token": "tok-1", "expires_in": 3600, "refresh_token": "new"}' if good else b'{"error": "invalid_grant"}'
        return Answer(200 if good else 400, {}, body, url)

    monkeypatch.setattr(access_tokens, "fetch", answer)
    rows = MailboxState.objects.filter(mailbox_id=bens.pk)
    rows.update(secret=seal("old"))
    bens.token_url, bens.client_id = "https://login.example/token", "rapport"
    for _again in range(2):
        assert access_tokens.access_token(cast.home, bens, rows.get()) == "tok-1"
    assert len(asked) == 1 and b"refresh_token=old" in asked[0] and unseal(rows.get().secret) == "new"
    rows.update(access_until=None)
    with pytest.raises(MailProblem) as problem:
        access_tokens.access_token(cast.home, bens, rows.get())
    assert problem.value.code == "token" and "Connect the mailbox again" in sentence("token")
