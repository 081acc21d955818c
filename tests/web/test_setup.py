"""Set-up: one page, one link, once."""

from __future__ import annotations

import pytest
from django.test import Client

from rapport.kernel.access.models import Workspace
from rapport.kernel.access.tokens import create_setup_secret

GIVEN = {
    "workspace": "Fernhill Coffee",
    "name": "Maya Lindqvist",
    "email": "maya@example.com",
    "password": "correct horse battery",
    "country": "IE",
    "currency": "EUR",
    "time_zone": "Europe/Dublin",
}


@pytest.mark.django_db
def test_workspace_is_made_and_its_owner_is_in() -> None:
    """After the one page the owner stands on the day page, signed in."""
    client, secret = Client(), create_setup_secret()
    assert "Set up your company" in client.get(f"/setup/{secret}").content.decode()
    response = client.post(f"/setup/{secret}", GIVEN, follow=True)
    assert response.status_code == 200 and "Fernhill Coffee" in response.content.decode()
    workspace = Workspace.objects.get()
    assert (workspace.currency, workspace.country, workspace.time_zone) == ("EUR", "IE", "Europe/Dublin")


@pytest.mark.django_db
def test_link_works_once_and_only_the_right_one() -> None:
    """A used, wrong or replaced link leads nowhere, and makes nothing."""
    client, secret = Client(), create_setup_secret()
    assert client.get("/setup/wrong").status_code == 404
    client.post(f"/setup/{secret}", GIVEN)
    again = Client().post(f"/setup/{secret}", GIVEN | {"email": "other@example.com"})
    assert again.status_code == 404 and Workspace.objects.count() == 1
    old, _new = create_setup_secret(), create_setup_secret()
    assert client.get(f"/setup/{old}").status_code == 404


@pytest.mark.django_db
def test_mistakes_keep_what_was_typed_and_the_link() -> None:
    """Each wrong field says how to mend it; the link still works afterwards; the password is never sent back."""
    client, secret = Client(), create_setup_secret()
    wrong = GIVEN | {"workspace": " ", "email": "maya", "password": "short", "currency": "???", "time_zone": "Mars"}
    response = client.post(f"/setup/{secret}", wrong)
    html = response.content.decode()
    assert response.status_code == 422 and "Enter the name of your company." in html and "whole e-mail address" in html
    assert 'value="maya"' in html and 'value="Maya Lindqvist"' in html and 'value="short"' not in html
    assert "Choose the currency" in html and "Choose your time zone" in html
    assert client.post(f"/setup/{secret}", GIVEN).status_code == 302


@pytest.mark.django_db
def test_country_is_guessed_from_the_browser() -> None:
    """German as spoken in Austria means Austria and the euro."""
    secret = create_setup_secret()
    html = Client().get(f"/setup/{secret}", headers={"Accept-Language": "de-AT,de;q=0.9"}).content.decode()
    assert 'value="AT" selected' in html and 'value="EUR" selected' in html


@pytest.mark.django_db
def test_the_trade_is_chosen_at_the_first_start() -> None:
    """Its words, types and fields are there from the first page on; with examples when asked for; “something else” adds nothing."""
    client, secret = Client(), create_setup_secret()
    page = client.get(f"/setup/{secret}").content.decode()
    assert "What do you do?" in page and page.count('name="trade"') == 9
    wrong = client.post(f"/setup/{secret}", GIVEN | {"trade": "astrology"})
    assert wrong.status_code == 422 and "leave it open" in wrong.content.decode()
    home = client.post(f"/setup/{secret}", GIVEN | {"trade": "travel", "examples": "1"}, follow=True)
    assert home.status_code == 200 and "/x_trip/" in client.get("/settings/more").content.decode()
    assert "Azores in June" in client.get("/x_trip/").content.decode()
    assert "Passport valid until" in client.get("/customer/new").content.decode()
    assert client.get("/settings/packs").content.decode().count("/undo") == 1


@pytest.mark.django_db
def test_something_else_starts_plain() -> None:
    """Without a trade nothing is defined."""
    client, secret = Client(), create_setup_secret()
    client.post(f"/setup/{secret}", GIVEN | {"trade": ""})
    assert Workspace.objects.get().schema_version == 1
