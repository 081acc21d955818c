"""Single sign-on, the whole way, against real providers: whom it lets in, and above all whom and where it does not."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.test import Client

from rapport.kernel.access.current import use_workspace
from rapport.kernel.access.models import Account, Role, User, Workspace
from rapport.surfaces.web.models import SsoProvider
from tests.cast import PASSWORD, Cast
from tests.platform.servers import ROOT, _clean_environment, free_port, wait_for
from tests.sso import provider as real
from tests.web.test_security import signed_in
from tests.web.test_workspaces import put_ana_into_away

pytestmark = pytest.mark.slow


@dataclass
class Provider:
    """A provider of its own, and a person's browser there."""

    url: str

    def knows(self, username: str, email: str, *, verified: bool = True) -> None:
        requests.post(f"{self.url}/people", json={"username": username, "email": email, "verified": verified}, timeout=10)

    def vouch(self, address: str, username: str) -> str:
        """Sign in over there and come back with the address the browser is sent to."""
        with requests.Session() as browser:
            browser.post(f"{self.url}/accounts/login/", {"login": username, "password": real.PASSWORD}, timeout=10)
            answer = browser.get(address, allow_redirects=False, timeout=10)
            assert answer.status_code == 302, answer.text[:500]
            back = urlsplit(answer.headers["Location"])
            return f"{back.path}?{back.query}"


def _started(folder: Path) -> tuple[subprocess.Popen[bytes], str]:
    port = free_port()
    log = (folder / "log.txt").open("wb")
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.sso.provider", str(port), str(folder)], cwd=ROOT, stdout=log, stderr=log,
        env=_clean_environment(),
    )  # fmt: skip
    wait_for(lambda: b"ready" in (folder / "log.txt").read_bytes() or process.poll() is not None, 60)
    return process, f"http://localhost:{port}"


@pytest.fixture(scope="session")
def two_providers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Provider]]:
    """The provider of Fernhill, and the provider of Elsewhere, whose owner may be up to no good."""
    begun = [_started(tmp_path_factory.mktemp("provider")) for _at in range(2)]
    yield [Provider(url) for _process, url in begun]
    for process, _url in begun:
        process.terminate()
        process.wait(10)


@pytest.fixture
def ours(two_providers: list[Provider], settings: Any) -> Provider:
    settings.ALLOW_PRIVATE_EGRESS = True
    return two_providers[0]


@pytest.fixture
def theirs(two_providers: list[Provider], settings: Any) -> Provider:
    settings.ALLOW_PRIVATE_EGRESS = True
    return two_providers[1]


def set_up(owner: Client, provider: Provider, workspace: Workspace, domains: str, *, new_users: str = "", local: str = "1",
           expected: int = 302, **more: str) -> str:  # fmt: skip
    """Fill in the settings page, and write the address to come back to down at the provider."""
    callback = f"http://localhost/sign-in/sso/{workspace.pk}/callback"
    requests.post(f"{provider.url}/callbacks", data=callback, timeout=10)
    if new_users:
        with use_workspace(workspace):
            new_users = str(Role.objects.get(key=new_users).pk)
    given = {"name": "House account", "issuer": provider.url, "client_id": real.CLIENT_ID, "client_secret": real.CLIENT_SECRET,
             "domains": domains, "new_users": new_users, "local": local, **more}  # fmt: skip
    answer = owner.post("/settings/sso", given)
    assert answer.status_code == expected, answer.content.decode()[-3000:]
    return answer.content.decode()


def come(client: Client, workspace: Workspace, provider: Provider, username: str) -> Any:
    """From the button through the provider and back."""
    out = client.get(f"/sign-in/sso/{workspace.pk}")
    assert out.status_code == 302, out.content.decode()
    return client.get(provider.vouch(out.headers["Location"], username))


def test_known_person_comes_in_and_passwords_rest(cast: Cast, ours: Provider) -> None:
    """State, nonce and PKCE go out; Ben comes in as Ben, and his address at the sign-in page offers the button."""
    set_up(signed_in(cast.ana.email), ours, cast.home, "example.com")
    ours.knows("ben", cast.ben.email)
    offered = Client().post("/sign-in/", {"email": cast.ben.email}).content.decode()
    assert f"/sign-in/sso/{cast.home.pk}" in offered and "Continue with House account" in offered
    part = Client().post("/sign-in/ways", {"email": cast.ben.email}, headers={"HX-Request": "true"}).content.decode()
    assert "Continue with House account" in part and "<html" not in part
    client = Client()
    out = client.get(f"/sign-in/sso/{cast.home.pk}?next=/customer/")
    asked = parse_qs(urlsplit(out.headers["Location"]).query)
    assert asked["code_challenge_method"] == ["S256"] and asked["nonce"] and asked["state"]
    assert real.CLIENT_SECRET not in out.headers["Location"]
    back = ours.vouch(out.headers["Location"], "ben")
    assert client.get(back).headers["Location"] == "/customer/"
    assert "Ben Moore" in client.get("/").content.decode()
    assert SocialAccount.objects.get().provider == str(SsoProvider.objects.get().key)
    assert client.get(back).status_code == 422, "an answer works once"
    again = Client()
    assert come(again, cast.home, ours, "ben").status_code == 302


def test_answer_belongs_to_the_browser_that_asked(cast: Cast, ours: Provider) -> None:
    """An answer carried into another browser, or into another workspace's address, lets nobody in."""
    set_up(signed_in(cast.ana.email), ours, cast.home, "example.com")
    ours.knows("ben2", cast.ben.email)
    client = Client()
    back = ours.vouch(client.get(f"/sign-in/sso/{cast.home.pk}").headers["Location"], "ben2")
    victim = Client()
    assert victim.get(back).status_code == 422 and victim.get("/").status_code == 302
    assert client.get(back.replace("state=", "state=x")).status_code == 422
    assert client.get(back.replace(str(cast.home.pk), str(cast.away.pk))).status_code == 404
    assert client.get("/").status_code == 302


def test_nonce_is_checked(cast: Cast, ours: Provider, monkeypatch: Any) -> None:
    """A token made for another sign-in is not believed."""
    set_up(signed_in(cast.ana.email), ours, cast.home, "example.com")
    ours.knows("ben3", cast.ben.email)
    client = Client()
    out = client.get(f"/sign-in/sso/{cast.home.pk}").headers["Location"]
    nonce = parse_qs(urlsplit(out).query)["nonce"][0]
    refused = client.get(ours.vouch(out.replace(nonce, "another"), "ben3"))
    assert refused.status_code == 422 and "could not be believed" in refused.content.decode()


def test_unverified_address_and_foreign_domain_lead_nowhere(cast: Cast, ours: Provider) -> None:
    """Only what the provider verified, and only the workspace's own domains."""
    set_up(signed_in(cast.ana.email), ours, cast.home, "example.com", new_users="sales")
    ours.knows("unverified", cast.ben.email, verified=False)
    ours.knows("foreign", "ben@elsewhere.net")
    for username in ("unverified", "foreign"):
        client = Client()
        assert come(client, cast.home, ours, username).status_code == 422
        assert client.get("/").status_code == 302
    assert not SocialAccount.objects.exists()


def test_other_workspaces_provider_opens_nothing_here(cast: Cast, theirs: Provider) -> None:
    """Elsewhere's provider says "I am Ana": Ana does not work there, so nothing opens and nothing is linked."""
    set_up(signed_in(cast.dea.email), theirs, cast.away, "example.com", new_users="sales")
    theirs.knows("mallory", cast.ana.email)
    client = Client()
    refused = come(client, cast.away, theirs, "mallory")
    assert refused.status_code == 422 and "invitation" in refused.content.decode()
    assert client.get("/").status_code == 302
    assert not SocialAccount.objects.exists()
    with use_workspace(cast.away):
        assert not User.objects.filter(account_id=cast.ana.account_id).exists()


def test_provider_of_one_workspace_never_speaks_for_the_other(cast: Cast, theirs: Provider) -> None:
    """Ana works in both. Whoever Elsewhere's provider calls Ana works in Elsewhere, and cannot touch Fernhill, Ana's
    password, her factors, her sessions, or even the list of her workspaces."""
    user = put_ana_into_away(cast)
    hers = signed_in(cast.ana.email)
    set_up(signed_in(cast.dea.email), theirs, cast.away, "example.com")
    theirs.knows("mallory2", cast.ana.email)
    client = Client()
    assert come(client, cast.away, theirs, "mallory2").status_code == 302
    page = client.get("/").content.decode()
    assert "Elsewhere" in page and "Fernhill" not in page
    assert "Fernhill" not in client.get("/workspaces").content.decode()
    switched = client.post(f"/workspace/{cast.home.pk}")
    assert switched.headers["Location"].startswith("/sign-in/?workspace=")
    assert "Fernhill" not in client.get("/", follow=True).content.decode()
    session = client.session
    session["workspace"] = str(cast.home.pk)
    session.save()
    assert "Fernhill" not in client.get("/").content.decode()
    for address in ("/settings/security/password", "/settings/security/confirm", "/settings/security/app",
                    "/settings/security/codes", "/settings/security/passkeys/options", "/settings/security/passkeys/add",
                    "/settings/security/confirm/options", "/workspaces/new"):  # fmt: skip
        answer = client.post(address, {"password": PASSWORD, "present": PASSWORD})
        assert answer.status_code in (403, 404), address
    listed = client.get("/settings/security").content.decode()
    assert "Firefox" not in listed and "Present password" not in listed
    client.post("/settings/security/sessions/end-others")
    assert hers.get("/").status_code == 200
    assert not Authenticator.objects.exists()
    with use_workspace(cast.away):
        User.objects.filter(pk=user.pk).update(is_active=False)
    assert client.get("/").status_code == 302, "thrown out of the one workspace, the session is worth nothing"


def test_subject_of_one_provider_means_nothing_at_another(cast: Cast, ours: Provider, theirs: Provider) -> None:
    """The same number at two providers is two people."""
    set_up(signed_in(cast.ana.email), ours, cast.home, "example.com")
    ours.knows("ben4", cast.ben.email)
    assert come(Client(), cast.home, ours, "ben4").status_code == 302
    known = SocialAccount.objects.get()
    set_up(signed_in(cast.dea.email), theirs, cast.away, "evil.example", new_users="sales")
    SocialAccount.objects.filter(pk=known.pk).update(uid="1")
    theirs.knows("first", "first@evil.example")
    client = Client()
    assert come(client, cast.away, theirs, "first").status_code == 302
    page = client.get("/").content.decode()
    assert "Elsewhere" in page and "Ben Moore" not in page and "Fernhill" not in page


def test_local_session_goes_to_the_provider_where_passwords_do_not_count(cast: Cast, theirs: Provider) -> None:
    """The switcher asks for the other sign-in, and afterwards the session opens both."""
    put_ana_into_away(cast)
    set_up(signed_in(cast.dea.email), theirs, cast.away, "example.com", local="")
    theirs.knows("ana5", cast.ana.email)
    client = signed_in(cast.ana.email)
    assert "Fernhill" in client.get("/").content.decode()
    answer = client.post(f"/workspace/{cast.away.pk}")
    assert "Continue with House account" in client.get(answer.headers["Location"]).content.decode()
    assert "Fernhill" in client.get("/").content.decode()
    assert come(client, cast.away, theirs, "ana5").status_code == 302
    assert "Elsewhere" in client.get("/").content.decode()
    client.post(f"/workspace/{cast.home.pk}")
    assert "Fernhill" in client.get("/").content.decode()
    assert client.get("/settings/security").content.decode().count("New password") == 1
    session = client.session
    session["sso"] = {key: at - 25 * 3600 for key, at in session["sso"].items()}
    session.save()
    assert client.post(f"/workspace/{cast.away.pk}").headers["Location"].startswith("/sign-in/"), "asked anew each day"


def test_owner_always_gets_in_by_password(cast: Cast, ours: Provider) -> None:
    """Passwords off: sellers are sent to the provider, open sessions stop counting, the owner's password works."""
    ben = signed_in(cast.ben.email)
    owner = signed_in(cast.ana.email)
    assert ben.get("/").status_code == 200
    set_up(owner, ours, cast.home, "example.com", local="")
    assert ben.get("/").status_code == 302 and owner.get("/").status_code == 200
    refused = Client().post("/sign-in/", {"email": cast.ben.email, "password": PASSWORD})
    assert refused.status_code == 422 and "Continue with House account" in refused.content.decode()
    assert signed_in(cast.ana.email).get("/").status_code == 200
    Account.objects.filter(pk=cast.ana.account_id).update(password="!unusable")
    message = set_up(cast_owner_without_password(cast), ours, cast.home, "example.com", local="", expected=422)
    assert "needs a password" in message


def cast_owner_without_password(cast: Cast) -> Client:
    """Ana's browser, proved a moment ago, in an account whose password was taken away."""
    client = cast.client("ana")
    session = client.session
    session["fresh_at"] = 9_999_999_999
    session.save()
    return client


def test_unknown_person_comes_in_with_the_role_chosen_or_must_be_invited(cast: Cast, ours: Provider) -> None:
    """Both ways round; the account made has no password and no doubtlessness."""
    owner = signed_in(cast.ana.email)
    set_up(owner, ours, cast.home, "fernhill.example")
    ours.knows("new1", "new1@fernhill.example")
    refused = come(Client(), cast.home, ours, "new1")
    assert refused.status_code == 422 and "not invited yet" in refused.content.decode()
    external = Role.objects.get(key="external")
    owner.post("/settings/people/invite", {"email": "new1@fernhill.example", "name": "New One", "role": str(external.pk)})
    client = Client()
    assert come(client, cast.home, ours, "new1").status_code == 302
    assert User.objects.get(email="new1@fernhill.example").role_id == external.pk
    set_up(owner, ours, cast.home, "fernhill.example", new_users="sales", client_secret="")
    ours.knows("new2", "new2@fernhill.example")
    assert come(Client(), cast.home, ours, "new2").status_code == 302
    account = Account.objects.get(email="new2@fernhill.example")
    assert User.objects.get(account=account).role.key == "sales" and not account.has_usable_password()


def test_address_given_to_another_person_does_not_bring_the_place_along(cast: Cast, ours: Provider) -> None:
    """A new colleague with the old one's address is another subject."""
    set_up(signed_in(cast.ana.email), ours, cast.home, "example.com")
    ours.knows("old", cast.ben.email)
    assert come(Client(), cast.home, ours, "old").status_code == 302
    ours.knows("successor", cast.ben.email)
    assert come(Client(), cast.home, ours, "successor").status_code == 422


def test_deactivated_person_is_out_at_once(cast: Cast, ours: Provider) -> None:
    """The next request, and the next sign-in."""
    set_up(signed_in(cast.ana.email), ours, cast.home, "example.com")
    ours.knows("ben6", cast.ben.email)
    client = Client()
    come(client, cast.home, ours, "ben6")
    assert client.get("/").status_code == 200
    User.objects.filter(pk=cast.ben.pk).update(is_active=False)
    assert client.get("/").status_code == 302
    assert come(Client(), cast.home, ours, "ben6").status_code == 422


def test_another_provider_starts_without_identities(cast: Cast, ours: Provider, theirs: Provider) -> None:
    """Issuer changed or removed: nobody of the old one comes in, and its open sessions end."""
    owner = signed_in(cast.ana.email)
    set_up(owner, ours, cast.home, "example.com")
    ours.knows("ben7", cast.ben.email)
    client = Client()
    come(client, cast.home, ours, "ben7")
    old_key = SsoProvider.objects.get().key
    missing = set_up(owner, theirs, cast.home, "example.com", client_secret="", expected=422)
    assert "Enter the secret" in missing
    set_up(owner, theirs, cast.home, "example.com")
    assert SsoProvider.objects.get().key != old_key and not SocialAccount.objects.exists()
    assert client.get("/").status_code == 302
    owner.post("/settings/sso/remove")
    assert not SsoProvider.objects.exists()
    assert Client().get(f"/sign-in/sso/{cast.home.pk}").status_code == 404


def test_secret_is_sealed_and_never_shown(cast: Cast, ours: Provider, caplog: Any) -> None:
    """Not on the page, not in the database in clear, not in the API, not in the log."""
    caplog.set_level("DEBUG")
    owner = signed_in(cast.ana.email)
    set_up(owner, ours, cast.home, "example.com")
    ours.knows("ben8", cast.ben.email)
    come(Client(), cast.home, ours, "ben8")
    assert real.CLIENT_SECRET not in SsoProvider.objects.get().sealed_secret
    assert real.CLIENT_SECRET not in owner.get("/settings/sso").content.decode()
    assert real.CLIENT_SECRET not in caplog.text
    assert not re.search(r"\bsso", cast.api("ana").get("/api/v1/").content.decode().lower())


def test_only_the_owner_sets_it_up_and_only_freshly(cast: Cast, ours: Provider) -> None:
    """A seller is refused; an owner's open browser has to prove itself first."""
    assert signed_in(cast.ben.email).get("/settings/sso").status_code == 403
    stale = cast.client("ana")
    assert stale.post("/settings/sso", {}).headers["Location"].startswith("/settings/security/confirm")
    assert not SsoProvider.objects.exists()


@pytest.mark.parametrize("wrong", [
    {"issuer": "http://localhost:1"}, {"issuer": "javascript:alert(1)"}, {"issuer": ""}, {"domains": "gmail.com"},
    {"domains": ""}, {"domains": "not a domain!"}, {"name": ""}, {"client_id": ""}, {"new_users": "owner"},
])  # fmt: skip
def test_wrong_settings_are_refused_with_a_sentence(cast: Cast, ours: Provider, wrong: dict[str, str]) -> None:
    """Nothing is kept."""
    set_up(signed_in(cast.ana.email), ours, cast.home, **{"domains": "example.com", **wrong}, expected=422)  # type: ignore[arg-type]
    assert not SsoProvider.objects.exists()


def test_private_addresses_need_the_operators_word(cast: Cast, ours: Provider, settings: Any) -> None:
    """Without it neither plain http nor this machine is reached."""
    settings.ALLOW_PRIVATE_EGRESS = False
    owner = signed_in(cast.ana.email)
    assert "https://" in set_up(owner, ours, cast.home, "example.com", expected=422)
    for issuer in ("https://localhost:9", "https://127.0.0.1:9", "https://10.0.0.1", "https://[::1]:9", "https://intranet"):
        assert "own network" in set_up(owner, ours, cast.home, "example.com", issuer=issuer, expected=422), issuer


def test_later_claim_of_a_domain_is_not_offered(cast: Cast, ours: Provider, theirs: Provider) -> None:
    """Elsewhere cannot put its own provider before Fernhill's people by claiming their domain."""
    set_up(signed_in(cast.dea.email), theirs, cast.away, "elsewhere.example", name="Trap")
    set_up(signed_in(cast.ana.email), ours, cast.home, "fernhill.example")
    set_up(signed_in(cast.dea.email), theirs, cast.away, "elsewhere.example fernhill.example", name="Trap", client_secret="")
    html = Client().post("/sign-in/ways", {"email": "x@fernhill.example"}).content.decode()
    assert "House account" in html and "Trap" not in html
