"""An e-mail by keyboard: people suggested, a template put in, sent with Undo that brings everything back; drafts survive."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from rapport.engines.mail.models import OutgoingMail
from rapport.kernel.access.current import use_workspace
from tests.cast import Cast

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_an_email_is_written_undone_and_sent(
    committed_cast: Cast, live: Any, desktop: Page, sign_in: Callable[..., None]
) -> None:
    from playwright.sync_api import expect

    with use_workspace(committed_cast.home):
        ctx = committed_cast.ctx("ana")
        emails = [{"value": "jo@kunde.example", "label": ""}]
        jo = ctx.create("customer", kind="person", name="Jo Kunde", emails=emails)
        for name in ("Ana", "Desk"):
            ctx.create(
                "mailbox", name=name, address=f"{name.lower()}@fernhill.example", imap_host="imap.example.com", user_name="x",
                smtp_host="smtp.example.com", signature=f"{name} of Fernhill",
            )  # fmt: skip
        ctx.create("mail_template", name="Hello", subject="For {{person.name}}", body="Dear {{person.first_name}},")
    sign_in(desktop, live, committed_cast.ana.account)
    desktop.goto(f"{live.url}/customer/{jo.pk}")
    desktop.locator("#head a", has_text="Write e-mail").first.click()
    to, text = desktop.locator("#f-to"), desktop.locator("#f-text")
    expect(to).to_have_value("Jo Kunde <jo@kunde.example>")

    # People behind the comma, by keyboard; the signature follows the mailbox.
    to.fill("")
    to.press_sequentially("kun")
    expect(desktop.locator(".combo-list [role=option]")).to_have_count(1)
    to.press("Enter")
    expect(to).to_have_value("Jo Kunde <jo@kunde.example>, ")
    expect(text).to_have_value("\n\n-- \nAna of Fernhill")
    desktop.locator("#f-mailbox").select_option(label="Desk <desk@fernhill.example>")
    expect(text).to_have_value("\n\n-- \nDesk of Fernhill")

    # A template is looked at before it is put in; a reload loses nothing.
    desktop.locator("#f-template").select_option(label="Hello")
    expect(desktop.locator("[data-preview-subject]")).to_have_text("For Jo Kunde")
    desktop.get_by_role("button", name="Put it in").click()
    expect(text).to_have_value("Dear Jo,\n\n\n-- \nDesk of Fernhill")
    expect(desktop.locator("#f-subject")).to_have_value("For Jo Kunde")
    desktop.reload()
    expect(text).to_have_value("Dear Jo,\n\n\n-- \nDesk of Fernhill")
    desktop.locator("#f-files").set_input_files([{"name": "offer.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.4"}])

    # Sent, undone: everything is there again, the file too.
    text.press("Control+Enter")
    expect(desktop.locator(".toast", has_text="goes out in a few seconds")).to_be_visible()
    desktop.locator(".toast button", has_text="Undo").click()
    expect(desktop.locator("#f-subject")).to_have_value("For Jo Kunde")
    expect(text).to_have_value("Dear Jo,\n\n\n-- \nDesk of Fernhill")
    expect(desktop.locator(".write-files")).to_contain_text("offer.pdf")
    desktop.get_by_role("button", name="Send later").or_(desktop.locator("summary", has_text="Send later")).first.click()
    desktop.get_by_role("button", name="Monday at 8:00").click()
    expect(desktop.locator(".toast", has_text="waits in the outbox")).to_be_visible()
    with use_workspace(committed_cast.home):
        states = sorted(OutgoingMail.objects.filter(workspace_id=committed_cast.home.pk).values_list("state", flat=True))
        assert states == ["taken_back", "waiting"]
