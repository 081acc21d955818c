"""The frame around every page: who sees what in the navigation, safe headers, errors, undo."""

from __future__ import annotations

import pytest
from django.test import Client

from rapport.kernel.access.current import use_workspace
from rapport.kernel.access.models import User
from rapport.surfaces.web.toasts import undo_mark
from tests.cast import Cast
from tests.factory import make


def test_stranger_is_sent_to_sign_in_and_back(cast: Cast) -> None:
    """A page asks who is there first, and keeps where the person wanted to go."""
    response = Client().get("/customer/?view=people")
    assert response.status_code == 302
    assert response.headers["Location"] == "/sign-in/?next=%2Fcustomer%2F%3Fview%3Dpeople"


def test_part_of_a_page_sends_the_whole_page_to_sign_in(cast: Cast) -> None:
    """A session that ended while a page was open leads to the sign-in page, not to a form inside a table."""
    response = Client().get("/customer/rows", headers={"HX-Request": "true"})
    assert response.status_code == 204
    assert response.headers["HX-Redirect"].startswith("/sign-in/")


@pytest.mark.parametrize("path", ["/", "/customer/", "/settings/", "/sign-in/", "/search?q=x"])
def test_policy_forbids_inline_styles_and_scripts(cast: Cast, path: str) -> None:
    """Every page carries the policy, and no template breaks it."""
    response = cast.client("ana").get(path, follow=True)
    policy = response.headers["Content-Security-Policy"]
    assert "unsafe" not in policy and "frame-ancestors 'none'" in policy and "style-src 'self'" in policy
    html = response.content.decode()
    assert " style=" not in html and "<style" not in html
    assert " onclick=" not in html and "<script>" not in html


def test_nonce_differs_with_every_request(cast: Cast) -> None:
    """A nonce that comes back would be none."""
    client = cast.client("ana")
    assert client.get("/").headers["Content-Security-Policy"] != client.get("/").headers["Content-Security-Policy"]


def test_navigation_shows_only_what_the_viewer_may_use(cast: Cast) -> None:
    """A user without a role finds no departments and may create nothing."""
    User.objects.filter(pk=cast.cem.pk).update(role=None)
    html = cast.client("cem").get("/").content.decode()
    assert 'href="/customer/"' not in html and 'href="/deal/new"' not in html
    owner = cast.client("ana").get("/").content.decode()
    assert 'href="/customer/"' in owner and 'href="/deal/new"' in owner


def test_stranger_and_missing_type_get_the_same_404(cast: Cast) -> None:
    """An unknown type reads like any address that leads nowhere."""
    response = cast.client("ana").get("/nothing/")
    assert response.status_code == 404
    assert "There is no record type" in response.content.decode()
    assert cast.client("ana").get("/no/such/page").status_code == 404


def test_refused_page_says_who_can_give_the_right(cast: Cast) -> None:
    """403 for what one may know of but not do."""
    response = cast.client("ben").get("/custom_field/")
    assert response.status_code == 403
    assert "Ask the owner" in response.content.decode()


def test_refused_part_is_a_toast(cast: Cast) -> None:
    """A part of a page answers an error with a message beside the page, never inside it."""
    response = cast.client("ben").get("/custom_field/rows", headers={"HX-Request": "true"})
    assert response.status_code == 403
    assert "toast" in response.headers["HX-Trigger"] and response.headers["HX-Reswap"] == "none"


def test_theme_is_set_by_the_server(cast: Cast) -> None:
    """No flash: the attribute is in the page before any script runs."""
    client = cast.client("ana")
    assert "data-theme" not in client.get("/").content.decode().split("<head>")[0]
    client.post("/settings/theme", {"theme": "dark"})
    assert '<html lang="en" dir="ltr" data-theme="dark">' in client.get("/").content.decode()


def test_inactive_user_is_out_at_once(cast: Cast) -> None:
    """Whoever is switched off does not wait for the session to end."""
    client = cast.client("ben")
    User.objects.filter(pk=cast.ben.pk).update(is_active=False)
    assert client.get("/").status_code == 302


def test_undo_brings_a_deleted_record_back(cast: Cast) -> None:
    """Undo of a deletion restores the record; twice is told."""
    ctx = cast.ctx("ana")
    customer = make(ctx, "customer", name="Halcyon")
    ctx.delete(customer)
    client = cast.client("ana")
    assert client.post("/undo", {"what": undo_mark(customer)}).status_code == 302
    assert b"Halcyon" in client.get("/customer/").content


def test_undo_puts_values_back(cast: Cast) -> None:
    """Undo of a change writes the former values, and is itself a logged change."""
    ctx = cast.ctx("ana")
    customer = make(ctx, "customer", name="Halcyon")
    ctx.write(customer, name="Halcyon Hotels")
    cast.client("ana").post("/undo", {"what": undo_mark(customer)})
    customer.refresh_from_db()
    assert customer.name == "Halcyon" and customer.version == 3


def test_undo_of_a_changed_record_is_a_conflict(cast: Cast) -> None:
    """What somebody changed since is not overwritten."""
    ctx = cast.ctx("ana")
    customer = make(ctx, "customer", name="Halcyon")
    ctx.write(customer, name="Second")
    mark = undo_mark(customer)
    ctx.write(customer, name="Third")
    assert cast.client("ana").post("/undo", {"what": mark}).status_code == 409


def test_undo_takes_back_own_changes_only(cast: Cast) -> None:
    """Another person's mark, a stranger's record and a broken mark lead nowhere."""
    customer = make(cast.ctx("ben"), "customer", name="Halcyon")
    mark = undo_mark(customer)
    assert cast.client("ana").post("/undo", {"what": mark}).status_code == 404
    assert cast.client("dea").post("/undo", {"what": mark}).status_code == 404
    assert cast.client("ben").post("/undo", {"what": "customer:nonsense:1"}).status_code == 404
    with use_workspace(cast.home):
        customer.refresh_from_db()
    assert customer.deleted_at is None


def test_changing_pages_need_the_token_of_the_form(cast: Cast) -> None:
    """A post from another site is refused."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(cast.ana.account)
    assert client.post("/undo", {"what": "x"}).status_code == 403


def test_files_are_served_through_visible_records_only(cast: Cast, settings: object, tmp_path: object) -> None:
    """An upload is a download with a sandbox, for those who see a record that carries it."""
    from django.core.files.uploadedfile import SimpleUploadedFile

    settings.DATA = tmp_path  # type: ignore[attr-defined]
    client = cast.client("ben")
    facts = client.post("/file/", {"file": SimpleUploadedFile("a.html", b"<script>alert(1)</script>")}).json()
    assert facts["type"] == "text/plain" and facts["name"] == "a.html"
    assert client.get(f"/file/{facts['key']}").status_code == 404
    make(cast.ctx("ben"), "activity", subject="With file", file=facts)
    response = client.get(f"/file/{facts['key']}")
    assert response.status_code == 200 and response.headers["Content-Disposition"].startswith("attachment")
    assert "sandbox" in response.headers["Content-Security-Policy"]
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert cast.client("cem").get(f"/file/{facts['key']}").status_code == 404
    assert cast.client("dea").get(f"/file/{facts['key']}").status_code == 404


def test_tokens_are_shown_once_and_revoked(cast: Cast) -> None:
    """A token's secret is on the page that makes it and nowhere else; only its owner revokes it."""
    client = cast.client("ben")
    made = client.post("/settings/tokens", {"name": "Accounting"}).content.decode()
    assert "rap_" in made and "rap_" not in client.get("/settings/tokens").content.decode()
    from rapport.kernel.access.models import ApiToken

    token = ApiToken.objects.get(user=cast.ben)
    assert cast.client("cem").post(f"/settings/tokens/{token.pk}/revoke").status_code == 404
    assert client.post(f"/settings/tokens/{token.pk}/revoke").status_code == 302
    token.refresh_from_db()
    assert token.revoked_at is not None


def test_own_preferences_can_be_set_by_everybody(cast: Cast) -> None:
    """A sales person may not edit users, but may choose a time zone."""
    response = cast.client("ben").post("/settings/account", {"language": "en", "time_zone": "Europe/Berlin"})
    assert response.status_code == 302
    assert User.objects.get(pk=cast.ben.pk).time_zone == "Europe/Berlin"
    assert cast.client("ben").post("/settings/account", {"time_zone": "Mars/Base"}).status_code == 422
