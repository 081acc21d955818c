"""Settings: the types a workspace is set up with, the own account, shortcuts, and the "More" page of small screens."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from rapport.engines.imports.session import may_import
from rapport.kernel.access import gate
from rapport.kernel.context import Context
from rapport.kernel.format import capital
from rapport.kernel.records.registry import TypeInfo, registry
from rapport.surfaces.web.audit_page import offers_audit
from rapport.surfaces.web.backups_page import runs_installation
from rapport.surfaces.web.duplicates_page import reviewable
from rapport.surfaces.web.help.gaps_page import may_see_gaps
from rapport.surfaces.web.help.settings_page import may_set_up
from rapport.surfaces.web.packs_page import offers_packs
from rapport.surfaces.web.shell import SETTINGS, departments, is_part, render, types_in

#: Keys and what they do; the scripts know the same list.
SHORTCUTS = [
    ("Ctrl K", gettext_lazy("Search for anything")),
    ("/", gettext_lazy("Search in this list")),
    ("N", gettext_lazy("Write it down")),
    ("C", gettext_lazy("Open the New menu")),
    ("F", gettext_lazy("Add a filter")),
    ("J", gettext_lazy("Next row")),
    ("K", gettext_lazy("Previous row")),
    ("Enter", gettext_lazy("Open the row")),
    ("X", gettext_lazy("Tick the row")),
    ("Space", gettext_lazy("Look into the row without leaving the list")),
    ("F2", gettext_lazy("Edit the cell")),
    ("Ctrl C, Ctrl V", gettext_lazy("Copy and paste cells, also from a spreadsheet")),
    ("Ctrl D", gettext_lazy("Fill the marked cells with the first one")),
    ("D, P, L", gettext_lazy("On Today: done, postpone, log")),
    ("[ ]", gettext_lazy("On a board: move the card one stage back or on")),
    ("D", gettext_lazy("My day: the task is done")),
    ("P", gettext_lazy("My day: postpone the task")),
    ("L", gettext_lazy("My day: log what came of it")),
    ("G H", gettext_lazy("Go to Today")),
    ("G C", gettext_lazy("Go to customers")),
    ("G S", gettext_lazy("Go to sales")),
    ("Ctrl Enter", gettext_lazy("Save")),
    ("Ctrl Z", gettext_lazy("Take the last change back")),
    ("Esc", gettext_lazy("Close or go back")),
    ("?", gettext_lazy("This list")),
]


@dataclass(frozen=True)
class Line:
    """One settings page."""

    label: str
    text: str
    url: str
    icon: str


@require_GET
def settings_home(request: HttpRequest) -> HttpResponse:
    """What can be set, for the person and for the workspace."""
    own, types = settings_lines(request.ctx)  # type: ignore[attr-defined]
    return render(request, "settings/home.html", {"own": own, "types": types})


def settings_lines(ctx: Context) -> tuple[list[Line], list[Line]]:
    """The settings pages that this viewer may use: their own, and those of the workspace."""
    own = [
        Line(_("My account"), _("Language, time zone, theme"), "/settings/account", "user-cog"),
        Line(_("Security"), _("Password, second step, passkeys, browsers signed in"), "/settings/security", "lock"),
        Line(_("Notices by mail"), _("A summary in the morning, mentions at once"), "/settings/notices", "bell"),
        Line(_("API tokens"), _("Keys for programs that work in your name"), "/settings/tokens", "key-round"),
        Line(_("API reference"), _("Every request, with examples"), "/docs/api", "book-open"),
        Line(_("Calendar address"), _("Your calendar in your phone or mail program"), "/settings/calendar", "calendar"),
        Line(_("Shortcuts"), _("What the keyboard can do"), "/settings/shortcuts", "keyboard"),
    ]
    if may_import(ctx):
        own.append(Line(_("Import"), _("Spreadsheets, address books, exports of other programs"), "/settings/import", "upload"))
    if offers_audit(ctx):
        own.append(Line(_("Audit log"), _("Who did what, when and through what"), "/settings/audit", "shield-check"))
    types = [_line(one) for one in types_in(ctx, SETTINGS)]
    for line in types:
        if line.url == "/role/":  # roles have a page of their own: the table of permissions
            types[types.index(line)] = Line(
                _("Roles and permissions"), _("What people can see and change"), "/settings/roles", line.icon
            )
        elif line.url == "/follow_up_rule/":  # as follow-up rules do: sentences and a preview
            types[types.index(line)] = Line(line.label, line.text, "/settings/follow-ups", line.icon)
        elif line.url == "/custom_field/":
            types[types.index(line)] = Line(line.label, line.text, "/settings/fields", line.icon)
        elif line.url == "/page_layout/":
            types[types.index(line)] = Line(line.label, line.text, "/settings/layouts", line.icon)
        elif line.url == "/phone_line/":
            types[types.index(line)] = Line(_("Telephone"), _("Who rings, and what was said"), "/settings/telephone", line.icon)
        elif line.url == "/mailbox/":
            types[types.index(line)] = Line(line.label, line.text, "/settings/mailboxes", line.icon)
        elif line.url == "/webhook/":  # and webhooks: the secret once, the log of what was sent
            types[types.index(line)] = Line(line.label, line.text, "/settings/webhooks", line.icon)
    if doubles := reviewable(ctx):
        types.append(
            Line(_("Duplicates"), _("Find and merge what is there twice"), f"/duplicates/{doubles[0].key}/review", "merge")
        )
    if gate.allows(ctx, registry.get("user"), "create"):
        types.insert(0, Line(_("Invite people"), _("Bring colleagues in"), "/settings/people/invite", "user-plus"))
    if offers_packs(ctx):
        types.append(Line(_("Trade packs"), _("The words, fields and pipelines of a trade, and your own set-up as a file"),
                          "/settings/packs", "package"))  # fmt: skip
    if ctx.viewer.scope("role", "edit") == "all":
        types.append(Line(_("Single sign-on"), _("Let your own provider vouch for people"), "/settings/sso", "log-in"))
    if may_set_up(ctx):
        words = _("What everybody can read without signing in")
        types.append(Line(_("Help centre"), words, "/settings/help-centre", "life-buoy"))
        types.append(Line(_("Customer portal"), _("What customers see and do with an account"), "/settings/portal", "door-open"))
    if may_see_gaps(ctx):
        types.append(Line(_("Gaps in the help centre"), _("What visitors looked for in vain"), "/settings/help-gaps", "search"))
    if runs_installation(ctx):
        types.append(Line(_("Backups"), _("Made each hour, proven each day"), "/settings/backups", "archive-restore"))
    return own, types


def _line(info: TypeInfo) -> Line:
    plural = str(info.plural)
    about = _((info.declared.__doc__ or "").strip().split("\n")[0].rstrip("."))
    return Line(capital(plural), about, info.url, info.declared.menu[1] if info.declared.menu else "settings")


@require_GET
def shortcuts(request: HttpRequest) -> HttpResponse:
    """All keys, as a page or a dialog."""
    return render(request, "settings/shortcuts.html" if is_part(request) else "settings/shortcuts_page.html", {"keys": SHORTCUTS})


@require_GET
def more(request: HttpRequest) -> HttpResponse:
    """Everything that has no place in the bar at the bottom of a small screen."""
    ctx = request.ctx  # type: ignore[attr-defined]
    return render(request, "settings/more.html", {"departments": departments(ctx, request.path_info)})
