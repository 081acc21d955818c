"""A guest's visit through HTTP: in by a link, tickets, details, wishes, consents, out again."""

from __future__ import annotations

import pytest

from rapport.kernel.actions.running import run_action
from rapport.kernel.changes.models import Change
from rapport.kernel.format import duration
from rapport.modules.customers.models import Consent, Preference
from rapport.modules.service.models import Ticket, TicketEntry
from tests.cast import Cast, program
from tests.portal.desk import guest, invite, mail_all, person, portal, text_of
from tests.publishing.desk import article

AT = "/portal/fernhill/"


@pytest.fixture
def site(cast: Cast) -> object:
    return portal(cast.home)


def test_an_invited_person_comes_in_and_sees_what_is_theirs(cast: Cast, site: object) -> None:
    ctx = cast.ctx("ana")
    maya = person(ctx)
    page = text_of(guest(ctx, maya), AT)
    assert "Hello Maya" in page and "My tickets" in page and "My details" in page and "What I agree to" in page
    shown = cast.client("ana").get(f"/customer/{maya.pk}").content.decode()
    assert "Enters with maya@example.org" in shown and "Last there" in shown
    told = Change.objects.filter(record_id=maya.pk, verb__startswith="portal_").order_by("number")
    assert [(one.verb, one.actor_name) for one in told] == [("portal_opened", "Ana Silva"), ("portal_entered", "Maya Jensen")]
    assert "came into the portal" in cast.client("ana").get("/settings/audit").content.decode()


def test_a_ticket_is_written_answered_and_closed(cast: Cast, site: object) -> None:
    """Written by the guest, answered by us, answered by the guest, solved, opened again by an answer, closed by the guest."""
    ctx = cast.ctx("ana")
    maya = person(ctx)
    client = guest(ctx, maya)
    assert "You have no tickets" in text_of(client, f"{AT}tickets/")
    typed = {"subject": "The lamp flickers", "body": "Since Monday.", "kind": "problem"}
    answer = client.post(f"{AT}tickets/do/write", typed)
    ticket = Ticket.objects.get()
    assert answer.headers["Location"] == f"{AT}tickets/{ticket.pk}?done=write"
    assert (ticket.person_id, ticket.customer_id, ticket.channel, ticket.kind) == (maya.pk, maya.pk, "portal", "problem")
    client.post(f"{AT}tickets/do/write", typed)
    assert Ticket.objects.count() == 1, "pressed twice is one ticket"
    page = text_of(client, answer.headers["Location"])
    assert "Your ticket is there" in page and "Since Monday." in page and "Received" in page
    run_action(ctx, ticket, "note", {"body": "zanzibar note", "minutes": 7391})
    run_action(ctx, ticket, "reply", {"body": "Turn it off and on.", "minutes": 739})
    page = text_of(client, f"{AT}tickets/{ticket.pk}")
    assert "Turn it off and on." in page and "<b>Ana</b>" in page and "Silva" not in page
    assert not [one for one in ("zanzibar", "7391", duration(7391), duration(739), duration(7391 + 739)) if one in page]
    assert "Waits for your answer" in text_of(client, f"{AT}tickets/") and "1 wait for your answer" in text_of(client, AT)
    for _twice in range(2):
        client.post(f"{AT}tickets/{ticket.pk}/do/answer", {"body": "It still flickers."})
    ticket.refresh_from_db()
    entry = TicketEntry.objects.get(kind="answer")
    assert (ticket.state, entry.person_id, entry.body) == ("open", maya.pk, "It still flickers.")
    run_action(ctx, ticket, "solve", {})
    client.post(f"{AT}tickets/{ticket.pk}/do/answer", {"body": "No, it is not."})
    ticket.refresh_from_db()
    assert (ticket.state, ticket.reopened) == ("open", 1)
    client.post(f"{AT}tickets/{ticket.pk}/do/close")
    ticket.refresh_from_db()
    assert ticket.state == "closed"
    assert {one.actor_name for one in Change.objects.filter(surface="portal")} == {"Maya Jensen"}


def test_what_cannot_be_taken_comes_back_with_what_was_typed(cast: Cast, site: object) -> None:
    client = guest(cast.ctx("ana"))
    answer = client.post(f"{AT}tickets/do/write", {"subject": "", "body": "Long words kept", "kind": "problem"})
    page = answer.content.decode()
    assert answer.status_code == 422 and "Long words kept" in page and "Say in a few words" in page
    assert not Ticket.objects.exists()
    answer = client.post(f"{AT}details/do/save", {"name": "", "phones": "no number", "city": "Galway"})
    page = answer.content.decode()
    assert answer.status_code == 422 and "Galway" in page and "no number" in page and "This is needed." in page


def test_details_are_changed_through_the_door_under_the_guests_name(cast: Cast, site: object) -> None:
    ctx = cast.ctx("ana")
    maya = person(ctx, phones=["+353 1 555 0142"], note="zanzibar", tags=["zanzibar"])
    client = guest(ctx, maya)
    page = text_of(client, f"{AT}details/")
    assert "Maya Jensen" in page and "0142" in page and "zanzibar" not in page
    typed = {"name": "Maya Jensen-Smith", "phones": "+353 1 555 0177", "street": "Main Street 1", "postcode": "H91", "city": "Galway",
             "country": "Ireland", "birthday": "", "owner": str(cast.ben.pk), "stage": "advocate", "note": "mine"}  # fmt: skip
    assert client.post(f"{AT}details/do/save", typed).headers["Location"] == f"{AT}details/?done=save"
    maya.refresh_from_db()
    assert (maya.name, maya.note, maya.stage, maya.owner_id) == ("Maya Jensen-Smith", "zanzibar", "prospect", cast.ana.pk)
    assert maya.phones[0]["value"] == "+35315550177"
    assert (maya.addresses[0]["city"], maya.addresses[0]["country"]) == ("Galway", "IE")
    change = Change.objects.filter(type="customer", record_id=maya.pk, verb="update").latest("number")
    assert (change.surface, change.actor_name, change.actor_id) == ("portal", "Maya Jensen", None)
    assert set(change.diff) == {"name", "phones", "addresses"}, "what was not changed was not written"
    page = text_of(client, f"{AT}details/")
    assert "Jensen-Smith" in page and 'value="Ireland"' in page
    client.post(f"{AT}details/do/save", typed)
    assert Change.objects.filter(type="customer", record_id=maya.pk, verb="update").latest("number") == change, (
        "the same again is none"
    )


def test_wishes_are_added_changed_and_taken_away(cast: Cast, site: object) -> None:
    ctx = cast.ctx("ana")
    maya = person(ctx)
    ctx.create("preference", customer=maya.pk, what="Health", wish="zanzibar", is_sensitive=True)
    ctx.create("preference", customer=maya.pk, what="Coffee", wish="Black", learned_from="zanzibar the neighbour")
    client = guest(ctx, maya)
    page = text_of(client, f"{AT}preferences/")
    assert "Black" in page and "zanzibar" not in page
    client.post(f"{AT}preferences/do/add", {"what": "coffee", "wish": "With milk"})
    client.post(f"{AT}preferences/do/add", {"what": "Delivery", "wish": "Before noon"})
    mine = Preference.objects.filter(customer=maya, is_sensitive=False, deleted_at=None)
    assert {one.what: one.wish for one in mine} == {"Coffee": "With milk", "Delivery": "Before noon"}
    coffee = mine.get(what="Coffee")
    assert client.post(f"{AT}preferences/{coffee.pk}/do/remove").status_code == 303
    assert "With milk" not in text_of(client, f"{AT}preferences/")


def test_consents_are_given_and_withdrawn_as_evidence(cast: Cast, site: object) -> None:
    ctx = cast.ctx("ana")
    maya = person(ctx)
    client = guest(ctx, maya)
    page = text_of(client, f"{AT}consents/")
    words = "Fernhill may send me its newsletter."
    assert words in page and "Not agreed." in page
    assert client.post(f"{AT}consents/do/give", {"purpose": "newsletter", "wording": "Other words"}).status_code == 422
    assert not Consent.objects.exists()
    for _twice in range(2):
        client.post(f"{AT}consents/do/give", {"purpose": "newsletter", "wording": words})
    given = Consent.objects.get()
    assert (given.answer, given.wording, given.source) == ("given", words, "Portal") and "maya@example.org" in given.proof
    client.post(f"{AT}consents/do/withdraw", {"purpose": "newsletter"})
    assert [one.answer for one in Consent.objects.order_by("pk")] == ["given", "withdrawn"]
    assert "Withdrawn on" in text_of(client, f"{AT}consents/")


def test_articles_for_customers_are_read_and_suggested(cast: Cast, site: object) -> None:
    """Public ones and those for the portal; never internal ones, drafts, or those of others."""
    ctx = cast.ctx("ana")
    top = ctx.create("topic", name="Lamps")
    article(ctx, "Flickering lamps", publish="portal", topic=top.pk, body="Turn it off and on.")
    article(ctx, "Opening hours", publish="public")
    article(ctx, "Zanzibar internal", publish="internal", topic=top.pk, body="flickering lamps")
    article(ctx, "Zanzibar draft", publish="", body="flickering lamps")
    client = guest(ctx)
    page = text_of(client, f"{AT}articles/")
    assert "Flickering lamps" in page and "Opening hours" in page and "Zanzibar" not in page
    assert "Flickering lamps" in text_of(client, f"{AT}articles/en/topic/lamps")
    assert "Turn it off and on." in text_of(client, f"{AT}articles/en/flickering-lamps")
    found = text_of(client, f"{AT}articles/fitting?q=my+lamp+flickers")
    assert "Flickering lamps" in found and "Zanzibar" not in found
    assert "Flickering lamps" in text_of(client, f"{AT}articles/?q=lamps")
    gone = text_of(client, f"{AT}articles/en/never-was", 404)
    for slug in ("zanzibar-internal", "zanzibar-draft"):
        assert text_of(client, f"{AT}articles/en/{slug}", 404) == gone
    assert program().get(f"{AT}articles/en/flickering-lamps").headers["Location"] == f"{AT}enter"


def test_another_address_counts_when_it_was_confirmed(cast: Cast, site: object) -> None:
    ctx = cast.ctx("ana")
    maya = person(ctx)
    client = guest(ctx, maya)
    assert client.post(f"{AT}account", {"what": "email", "email": "New@example.org"}).status_code == 303
    [link] = mail_all()
    maya.refresh_from_db()
    assert [one["value"] for one in maya.emails] == ["maya@example.org"], "nothing before the button was pressed"
    other = program()
    assert "new@example.org" in text_of(other, link)
    assert other.post(link).headers["Location"] == f"{AT}account?done=email"
    maya.refresh_from_db()
    assert [one["value"] for one in maya.emails] == ["new@example.org"]
    assert client.get(AT).headers["Location"] == f"{AT}enter", "the other browsers are signed out"
    assert "new@example.org" in text_of(other, f"{AT}account")
    program().post(f"{AT}enter", {"email": "maya@example.org"})
    assert not mail_all()
    program().post(f"{AT}enter", {"email": "new@example.org"})
    assert len(mail_all()) == 1


def test_the_owner_switches_it_on_in_the_settings(cast: Cast) -> None:
    ana = cast.client("ana")
    assert "Customer portal" in ana.get("/settings/").content.decode()
    assert "Off" in ana.get("/settings/portal").content.decode()
    assert program().get("/portal/fern/").status_code == 404
    wrong = ana.post("/settings/portal", {"is_on": "1", "name": "Our portal", "slug": "F?"})
    assert wrong.status_code == 400 and "small letters" in wrong.content.decode() and "Our portal" in wrong.content.decode()
    ana.post("/settings/portal", {"is_on": "1", "name": "Our portal", "slug": "fern"})
    assert program().get("/portal/fern/").headers["Location"] == "/portal/fern/enter"
    dea = cast.client("dea")
    assert "taken" in dea.post("/settings/portal", {"is_on": "1", "name": "Theirs", "slug": "fern"}).content.decode()
    ana.post("/settings/portal", {"name": "Our portal", "slug": "fern"})
    assert program().get("/portal/fern/enter").status_code == 404
    assert cast.client("ben").get("/settings/portal").status_code == 403


def test_who_may_not_invite_cannot(cast: Cast, site: object) -> None:
    """The right is the role's; a person without an address, or with somebody else's, gets a sentence."""
    ctx = cast.ctx("ana")
    maya, twin, mute = person(ctx), person(ctx, "Maja Jensen"), person(ctx, "Mute", "")
    for who, words in ((maya, "Somebody else"), (twin, "Somebody else"), (mute, "Write an e-mail address")):
        answer = cast.client("ana").post(f"/customer/{who.pk}/do/invite_to_portal", {})
        assert words in answer.content.decode()
    answer = cast.client("ben").post(f"/customer/{maya.pk}/do/invite_to_portal", {})
    assert answer.status_code == 404
    assert not mail_all()


def test_inviting_again_takes_nothing_away(cast: Cast, site: object) -> None:
    """The form begins with what the person has."""
    ctx = cast.ctx("ana")
    maya = person(ctx)
    form = cast.client("ana").get(f"/customer/{maya.pk}/do/invite_to_portal").content.decode()
    assert "They have access" not in form and form.count("checked") == 0
    invite(ctx, maya, sees_company=True)
    form = cast.client("ana").get(f"/customer/{maya.pk}/do/invite_to_portal").content.decode()
    assert "They have access" in form and form.count("checked") == 1 and "maya@example.org" in form


def test_closed_is_out_at_once(cast: Cast, site: object) -> None:
    ctx = cast.ctx("ana")
    maya = person(ctx)
    client = guest(ctx, maya)
    waiting = invite(ctx, maya)
    run_action(ctx, maya, "close_portal", {})
    assert client.get(AT).headers["Location"] == f"{AT}enter"
    assert program().post(waiting).status_code == 404
    program().post(f"{AT}enter", {"email": "maya@example.org"})
    assert not mail_all()
