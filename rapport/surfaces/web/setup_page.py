"""The first page of a fresh installation: make a workspace, or look around in a sample company."""

from __future__ import annotations

from importlib import import_module

from babel.numbers import get_territory_currencies
from django.conf import settings
from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from rapport.engines.words import packs
from rapport.kernel.access.current import use_workspace
from rapport.kernel.access.models import User, Workspace
from rapport.kernel.access.setup import check_sign_up, create_workspace
from rapport.kernel.access.tokens import setup_secret_holds, use_setup_secret
from rapport.kernel.context import context_for
from rapport.kernel.errors import Invalid, RapportError
from rapport.kernel.format import locale_of
from rapport.surfaces.web.middleware import WORKSPACE_KEY
from rapport.surfaces.web.places import countries, currencies, is_time_zone, time_zones
from rapport.surfaces.web.shell import render
from rapport.surfaces.web.toasts import say

SAMPLE_CUSTOMERS, SAMPLE_SEED = 400, 7
_BACKEND = "django.contrib.auth.backends.ModelBackend"


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def setup(request: HttpRequest, secret: str) -> HttpResponse:
    """The one page of set-up. The link works once, until the workspace is made."""
    if not setup_secret_holds(secret):
        return render(request, "setup/used.html", {}, status=404)
    if request.method == "GET":
        return _show(request, secret, start(request), {})
    if "sample" in request.POST:
        return _sample(request, secret)
    typed = {
        key: request.POST.get(key, "").strip()
        for key in ("workspace", "name", "email", "currency", "country", "time_zone", "trade")
    }
    errors = checked(typed, request.POST.get("password", ""))
    if errors:
        return _show(request, secret, typed, errors, status=422)
    # The link is used up first: of two people pressing at once, one makes the workspace.
    if not use_setup_secret(secret):
        return render(request, "setup/used.html", {}, status=404)
    workspace, owner = create_workspace(
        typed["workspace"],
        owner_name=typed["name"],
        email=typed["email"],
        password=request.POST["password"],
        currency=typed["currency"],
        country=typed["country"],
        time_zone=typed["time_zone"],
        language=get_language() or "en",  # the browser's, as far as there is a translation
    )
    login(request, owner.account, backend=_BACKEND)
    request.session[WORKSPACE_KEY] = str(workspace.pk)
    if pack := packs.shelf().get(typed["trade"]):
        _apply_trade(request, workspace, owner, pack)
    return HttpResponseRedirect("/")


def _apply_trade(request: HttpRequest, workspace: Workspace, owner: User, pack: packs.Pack) -> None:
    """Set the new workspace up for a trade. It is there already: whatever goes wrong here is told, and mended in the settings."""
    with use_workspace(workspace):
        try:
            packs.apply(context_for(owner, "web"), pack, with_samples="examples" in request.POST)
        except RapportError as wrong:
            say(request, _("The trade pack was not added: %(why)s") % {"why": wrong.sentence}, kind="bad")


def start(request: HttpRequest) -> dict[str, str]:
    """What the form starts with: country and currency guessed from the browser's language, the rest empty."""
    language = request.headers.get("Accept-Language", "").split(",")[0].replace("-", "_").strip()[:12]
    country = language.partition("_")[2].upper() if "_" in language else ""
    country = country if country in dict(countries()) else "IE"
    return {
        "workspace": "",
        "name": "",
        "email": "",
        "country": country,
        "currency": currencies_of(country),
        "time_zone": "UTC",
        "trade": "",
    }


def currencies_of(country: str) -> str:
    """The currency of a country; euro when unknown."""
    return next(iter(get_territory_currencies(country)), "EUR")


def checked(typed: dict[str, str], password: str) -> dict[str, str]:
    """A sentence for each field that will not do."""
    errors: dict[str, str] = {}
    try:
        check_sign_up(typed["workspace"], typed["name"], typed["email"], password)
    except Invalid as wrong:
        errors = {key: str(sentence) for key, sentence in wrong.errors.items()}
    if typed["currency"] not in dict(currencies()):
        errors["currency"] = _("Choose the currency you count in.")
    if typed["country"] not in dict(countries()):
        errors["country"] = _("Choose your country.")
    if not is_time_zone(typed["time_zone"]):
        errors["time_zone"] = _("Choose your time zone.")
    if typed["trade"] and typed["trade"] not in packs.shelf():
        errors["trade"] = _("Choose what you do from the list, or leave it open.")
    return errors


def _show(
    request: HttpRequest, secret: str, typed: dict[str, str], errors: dict[str, str], status: int = 200
) -> HttpResponse:
    language = str(locale_of(get_language() or "en"))
    values = {
        "secret": secret,
        "typed": typed,
        "errors": errors,
        "countries": countries(language),
        "currencies": currencies(language),
        "zones": time_zones(),
        "trades": sorted(packs.shelf().values(), key=lambda pack: pack.name),
        "examples": "examples" in request.POST,
        "min_length": _min_length(),
    }
    return render(request, "setup/page.html", values, status=status)


def _min_length() -> int:
    for one in settings.AUTH_PASSWORD_VALIDATORS:
        if one["NAME"].endswith("MinimumLengthValidator"):
            return int(one.get("OPTIONS", {}).get("min_length", 8))
    return 8


def _sample(request: HttpRequest, secret: str) -> HttpResponse:
    """Make the sample company and show who may sign in to it."""
    try:
        make = import_module("rapport.surfaces.cli.sample_command").make_sample_workspace
    except (ImportError, AttributeError):
        return _show(
            request, secret, start(request), {"sample": _("This installation carries no sample company.")}, status=422
        )
    if not use_setup_secret(secret):
        return render(request, "setup/used.html", {}, status=404)
    workspace, people = make(SAMPLE_CUSTOMERS, SAMPLE_SEED)
    return render(request, "setup/sample.html", {"workspace": workspace, "people": people})
