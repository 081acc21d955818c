"""What becomes of an account when its person is erased, merged, put into the bin, or moves; and when the power fails."""

from __future__ import annotations

import pytest

from rapport.engines.duplicates.merging import merge_now
from rapport.engines.duplicates.unmerging import unmerge
from rapport.engines.moving.tables import moved
from rapport.engines.portal.models import PortalAccount, PortalLink, PortalPassword, PortalSession
from rapport.kernel.actions.running import run_action
from rapport.kernel.changes.models import Change
from rapport.kernel.changes.verify import verify_log
from rapport.kernel.records.registry import registry
from rapport.modules.service.models import Ticket
from tests.cast import Cast
from tests.duplicates.test_killed import in_a_child, shared_database
from tests.portal.desk import guest, invite, person, portal, text_of

AT = "/portal/fernhill/"
__all__ = ["shared_database"]


def test_an_erasure_leaves_nothing_of_a_guest(cast: Cast) -> None:
    """Account, password, links, sessions are gone; the name stands under nothing in the log."""
    portal(cast.home)
    ctx = cast.ctx("ana")
    maya = person(ctx)
    client = guest(ctx, maya)
    client.post(f"{AT}account", {"what": "password", "password": "a garden full of rain"})
    client.post(f"{AT}tickets/do/write", {"subject": "Mine", "body": "x"})
    invite(ctx, maya)
    run_action(ctx, maya, "erase", {"confirm_name": "Maya Jensen", "reason": "asked"})
    for model in (PortalAccount, PortalLink, PortalPassword, PortalSession):
        assert not model.objects.filter(workspace_id=cast.home.pk).exists(), model
    assert client.get(AT).status_code == 302
    assert not Change.objects.filter(workspace=cast.home, actor_name__contains="Maya").exists()
    assert verify_log(cast.home).is_whole


def test_an_account_follows_the_survivor_and_comes_back(cast: Cast) -> None:
    portal(cast.home)
    ctx = cast.ctx("ana")
    maya, double = person(ctx), person(ctx, "Maya J.", "second@example.org")
    client = guest(ctx, double)
    merge = merge_now(ctx, registry.get("customer"), maya.pk, double.pk, {})
    assert "Hello Maya" in text_of(client, AT) and "Maya Jensen" in text_of(client, f"{AT}details/")
    unmerge(ctx, merge)
    assert "Maya J." in text_of(client, f"{AT}details/")


def test_of_two_accounts_the_survivors_stays(cast: Cast) -> None:
    portal(cast.home)
    ctx = cast.ctx("ana")
    maya, double = person(ctx), person(ctx, "Maya J.", "second@example.org")
    first, second = guest(ctx, maya), guest(ctx, double)
    merge = merge_now(ctx, registry.get("customer"), maya.pk, double.pk, {})
    assert "Maya Jensen" in text_of(first, f"{AT}details/") and second.get(AT).status_code == 302
    unmerge(ctx, merge)
    assert "Maya J." in text_of(second, f"{AT}details/"), "taken back, the other account opens again"


def test_an_erasure_takes_what_a_merge_left(cast: Cast) -> None:
    """The account that went with a merge left a password, a session and a link; others' stay."""
    portal(cast.home)
    ctx = cast.ctx("ana")
    maya, double, lea = person(ctx), person(ctx, "Maya J.", "second@example.org"), person(ctx, "Lea", "lea@example.org")
    guest(ctx, maya)
    guest(ctx, double).post(f"{AT}account", {"what": "password", "password": "a garden full of rain"})
    other = guest(ctx, lea)
    merge_now(ctx, registry.get("customer"), maya.pk, double.pk, {})
    maya.refresh_from_db()
    run_action(ctx, maya, "erase", {"confirm_name": "Maya Jensen", "reason": "asked"})
    kept = PortalAccount.objects.get(workspace_id=cast.home.pk)
    assert kept.person_id == lea.pk and "Hello Lea" in text_of(other, AT)
    for model in (PortalLink, PortalSession, PortalPassword):
        assert not model.objects.filter(workspace_id=cast.home.pk).exclude(account_id=kept.pk).exists(), model


def test_whose_person_lies_in_the_bin_is_out_until_they_come_back(cast: Cast) -> None:
    portal(cast.home)
    ctx = cast.ctx("ana")
    maya = person(ctx)
    client = guest(ctx, maya)
    ctx.delete(maya)
    assert client.get(AT).status_code == 302
    ctx.restore(maya)
    assert "Hello Maya" in text_of(client, AT)


def test_accounts_move_and_secrets_stay() -> None:
    """Who has access goes along with a workspace; passwords, links, sessions and the address do not."""
    labels = {model._meta.label for model in moved()}
    assert {one for one in labels if one.startswith("portal.")} == {"portal.PortalAccount"}


@pytest.mark.process
@pytest.mark.django_db(transaction=True)
def test_killed_at_any_step_a_deed_is_whole_or_not_at_all(committed_cast: Cast, shared_database: object) -> None:
    """A ticket with its answer that opens it again: before every writing statement the process dies; nothing is halved."""
    cast = committed_cast
    portal(cast.home)
    ctx = cast.ctx("ana")
    maya = person(ctx)
    client = guest(ctx, maya)
    client.post(f"{AT}tickets/do/write", {"subject": "Mine", "body": "x"})
    ticket = Ticket.objects.get()
    run_action(ctx, ticket, "solve", {})
    steps, done = 0, False
    while not done and steps < 60:
        steps += 1
        done = in_a_child(lambda: client.post(f"{AT}tickets/{ticket.pk}/do/answer", {"body": "Again"}), dies_at=steps)
        ticket.refresh_from_db()
        said = ticket.entries.filter(body="Again").count()
        assert (ticket.state, said) == (("open", 1) if done else ("solved", 0)), steps
    assert done and steps > 4
