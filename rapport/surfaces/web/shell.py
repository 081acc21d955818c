"""The frame around every page: navigation, top bar, toasts, theme. It costs no query."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from django.http import HttpRequest, HttpResponse
from django.template import loader
from django.utils.functional import SimpleLazyObject
from django.utils.translation import get_language, get_language_bidi
from django.utils.translation import gettext_lazy as _

from rapport.engines.calendar.registry import calendar_types
from rapport.engines.rating.desk import desk
from rapport.kernel.access import gate
from rapport.kernel.context import Context
from rapport.kernel.records.registry import TypeInfo, registry
from rapport.kernel.slots import Panel, panels
from rapport.surfaces.web import toasts

#: The departments of the navigation in their order: key, label, icon. Types choose one in `RecordType.menu`.
DEPARTMENTS = [
    ("home", _("Home"), "house"),
    ("customers", _("Customers"), "users"),
    ("sales", _("Sales"), "circle-dollar-sign"),
    ("orders", _("Orders"), "package"),
    ("marketing", _("Marketing"), "megaphone"),
    ("service", _("Service"), "life-buoy"),
    ("insight", _("Insight"), "chart-no-axes-combined"),
]
SETTINGS = "settings"
CALENDAR = "/calendar"
OUTBOX = "/outbox"
SATISFACTION = "/satisfaction"
THEMES = ("light", "dark", "system")


@dataclass(frozen=True)
class Entry:
    """One line of the navigation."""

    label: object
    url: str
    icon: str
    is_here: bool = False


@dataclass(frozen=True)
class Department:
    """A department with the pages in it that the viewer may use."""

    key: str
    label: object
    icon: str
    url: str
    entries: tuple[Entry, ...]
    is_open: bool = False
    is_here: bool = False


@dataclass(frozen=True)
class Shell:
    """All that base.html needs to know."""

    workspace: str
    user: str
    user_url: str
    theme: str
    departments: list[Department]
    creatable: list[Entry]
    settings_here: bool
    #: The role through whose eyes one looks; "" for one's own.
    preview_of: str = ""
    menu: list[Panel] = field(default_factory=list)
    toasts: list[dict[str, str]] = field(default_factory=list)
    #: Whether this browser was asked to show who rings.
    shows_calls: bool = False


def is_part(request: HttpRequest) -> bool:
    """Whether htmx asked for a part of a page (a boosted link or a restored history entry wants the whole one)."""
    headers = request.headers
    return (
        headers.get("HX-Request") == "true"
        and "HX-Boosted" not in headers
        and "HX-History-Restore-Request" not in headers
    )


def theme_of(request: HttpRequest) -> str:
    """The chosen theme: light, dark, or system."""
    found = request.COOKIES.get("theme", "")
    return found if found in THEMES else "system"


def render(
    request: HttpRequest, template: str, values: Mapping[str, object] | None = None, *, status: int = 200
) -> HttpResponse:
    """A page or a part of one. Full pages extend base.html; without a signed-in user they get the bare frame."""
    ctx = getattr(request, "ctx", None)
    given = {
        "ctx": ctx,
        # Made when a template asks: a part does without, and a page that has no part form is whole for htmx too.
        "shell": SimpleLazyObject(lambda: build_shell(request, ctx)) if ctx else None,
        "theme": theme_of(request),
        "nonce": getattr(request, "csp_nonce", ""),
        "is_part": is_part(request),
        "language": get_language() or "en",
        "direction": "rtl" if get_language_bidi() else "ltr",
        **(values or {}),
    }
    response = HttpResponse(loader.render_to_string(template, given, request), status=status)
    response.headers["Vary"] = "HX-Request, Cookie"
    return response


def build_shell(request: HttpRequest, ctx: Context) -> Shell:
    """The frame for this viewer at this address."""
    here = request.path_info
    return Shell(
        workspace=ctx.workspace.name,
        user=ctx.viewer.name,
        user_url=f"/user/{ctx.viewer.user_id}",
        theme=theme_of(request),
        departments=departments(ctx, here),
        creatable=creatable(ctx),
        settings_here=here.startswith("/settings/") or _department_at(here) == SETTINGS,
        preview_of=ctx.viewer.preview_of,
        menu=panels(ctx, "menu"),
        toasts=toasts.waiting(request),
        shows_calls=request.COOKIES.get("calls") == "on",
    )


def types_in(ctx: Context, department: str) -> list[TypeInfo]:
    """The types of a department that the viewer may see."""
    return [
        t
        for t in registry.all()
        if t.declared.menu and t.declared.menu[0] == department and gate.allows(ctx, t, "view")
    ]


def departments(ctx: Context, here: str) -> list[Department]:
    """The departments in which the viewer may use something; the one at this address is open."""
    found = []
    at = _department_at(here)
    for key, label, icon in DEPARTMENTS:
        types = types_in(ctx, key)
        if not types and key != "home":
            continue
        entries = tuple(Entry(t.plural, t.url, t.declared.menu[1], _is_at(here, t.url)) for t in types)  # type: ignore[index]
        if key == "home" and any(gate.allows(ctx, one.info, "view") for one in calendar_types()):
            entries = (Entry(_("calendar"), CALENDAR, "calendar", here == CALENDAR), *entries)
        if key == "home" and "mailbox" in registry and gate.allows(ctx, registry.get("mailbox"), "view"):
            entries = (*entries, Entry(_("outbox"), OUTBOX, "send", here == OUTBOX))
        if key == "service" and gate.allows(ctx, registry.get(desk().type), "view"):
            entries = (*entries, Entry(_("satisfaction"), SATISFACTION, "chart-line", here == SATISFACTION))
        url = "/" if key == "home" else entries[0].url
        found.append(
            Department(key, label, icon, url, entries, is_open=at == key, is_here=here == url and key == "home")
        )
    return found


def creatable(ctx: Context) -> list[Entry]:
    """The types of the navigation that the viewer may add, for the New menu."""
    order = {key: at for at, (key, _label, _icon) in enumerate(DEPARTMENTS)}
    types = [
        t for t in registry.all() if t.declared.menu and t.declared.menu[0] in order and gate.allows(ctx, t, "create")
    ]
    types.sort(key=lambda t: order[t.declared.menu[0]] or 99)  # type: ignore[index]
    return [Entry(t.label, f"{t.url}new", t.declared.menu[1]) for t in types]  # type: ignore[index]


def _is_at(here: str, url: str) -> bool:
    return here.startswith(url)


def _department_at(here: str) -> str:
    if here in ("/", CALENDAR, OUTBOX, "/write"):
        return "home"
    if here == SATISFACTION:
        return "service"
    key = here.strip("/").partition("/")[0]
    if key in registry and registry.get(key).declared.menu:
        return registry.get(key).declared.menu[0]  # type: ignore[index]
    return ""
