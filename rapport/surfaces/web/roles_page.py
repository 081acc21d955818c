"""Roles and permissions: one page per role, a table of what its people may do, saved as a whole."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from rapport.kernel.access import gate
from rapport.kernel.access.granting import GROUP_LEVELS, demand_may_grant, verbs_of_type
from rapport.kernel.access.models import Role, User
from rapport.kernel.access.viewer import SCOPES, granted_scope
from rapport.kernel.actions.registry import actions_of
from rapport.kernel.actions.running import run_action
from rapport.kernel.context import Context
from rapport.kernel.errors import RapportError, Refused
from rapport.kernel.records.registry import TypeInfo, registry
from rapport.surfaces.web.middleware import PREVIEW_KEY
from rapport.surfaces.web.shell import DEPARTMENTS, render
from rapport.surfaces.web.toasts import say

#: The verbs with a column of their own; the rest is behind "More".
COLUMNS = (
    ("view", gettext_lazy("See")), ("create", gettext_lazy("Add")), ("edit", gettext_lazy("Change")),
    ("delete", gettext_lazy("Delete")), ("export", gettext_lazy("Export")),
)  # fmt: skip
#: How the other verbs are called.
_NAMES = {
    "reassign": gettext_lazy("Give to somebody else"), "mass_edit": gettext_lazy("Change many at once"),
    "import": gettext_lazy("Import"), "merge": gettext_lazy("Merge doubles"), "share": gettext_lazy("Share with people"),
    "audit": gettext_lazy("See the audit log"),
}  # fmt: skip
SCOPE_NAMES = {
    "none": gettext_lazy("No"), "own": gettext_lazy("Own"), "team": gettext_lazy("Team’s"),
    "below": gettext_lazy("Theirs and below"), "all": gettext_lazy("All"),
}  # fmt: skip
GROUP_NAMES = {"hidden": gettext_lazy("Hidden"), "read": gettext_lazy("See"), "edit": gettext_lazy("See and change")}
#: Adding is yes or no: a new record is nobody's yet.
YES_NO = {"none": gettext_lazy("No"), "all": gettext_lazy("Yes")}


@dataclass(frozen=True)
class Cell:
    """One choice of the table."""

    name: str
    label: str
    value: str
    choices: list[tuple[str, str]]


@dataclass(frozen=True)
class Line:
    """One record type of the table."""

    info: TypeInfo
    icon: str
    cells: list[Cell]
    more: list[Cell]
    groups: list[Cell]
    hidden: str
    follows: str


@require_GET
def roles(request: HttpRequest) -> HttpResponse:
    """To the first role that can be changed."""
    ctx = request.ctx  # type: ignore[attr-defined]
    rows = list(gate.visible(ctx, registry.get("role")).order_by("pk"))
    if not rows:
        raise Refused(_("Your role does not allow you to see the roles."))
    first = next((row for row in rows if row.key == "sales"), rows[0])
    return HttpResponseRedirect(f"/settings/roles/{first.pk}")


@require_http_methods(["GET", "POST"])
def role(request: HttpRequest, role_id: UUID) -> HttpResponse:
    """The table of one role; POST saves all of it."""
    ctx, info = request.ctx, registry.get("role")  # type: ignore[attr-defined]
    one = gate.get(ctx, info, role_id)
    assert isinstance(one, Role)
    error, status = "", 200
    if request.method == "POST":
        rights, groups = _posted(request, one)
        try:
            run_action(ctx, one, "set_rights", {"rights": rights, "field_groups": groups})
        except RapportError as wrong:
            error, status = wrong.sentence, 422
            one.rights, one.field_groups = rights, groups
        else:
            say(request, _("Saved. It holds from the next click of everybody with the role “%(role)s”.") % {"role": one.name})
            return HttpResponseRedirect(f"/settings/roles/{one.pk}")
    return render(request, "settings/roles.html", _values(ctx, one, error), status=status)


@require_POST
def new_role(request: HttpRequest, role_id: UUID) -> HttpResponse:
    """A new role that starts as a copy of this one."""
    ctx = request.ctx  # type: ignore[attr-defined]
    one = gate.get(ctx, registry.get("role"), role_id)
    name = request.POST.get("name", "").strip()
    try:
        made = run_action(ctx, one, "copy", {"name": name})
    except RapportError as wrong:
        return render(request, "settings/roles.html", _values(ctx, one, wrong.sentence), status=422)  # type: ignore[arg-type]
    say(request, _("“%(role)s” made; now say what its people may do.") % {"role": name})
    return HttpResponseRedirect(f"/settings/roles/{made.pk}")  # type: ignore[attr-defined]


@require_POST
def preview(request: HttpRequest, role_id: UUID) -> HttpResponse:
    """Look at everything with the eyes of a role, until one leaves; nothing can be changed meanwhile."""
    ctx = request.ctx  # type: ignore[attr-defined]
    one = gate.get(ctx, registry.get("role"), role_id)
    demand_may_grant(ctx, one)  # type: ignore[arg-type]
    request.session[PREVIEW_KEY] = str(one.pk)
    return HttpResponseRedirect("/")


@require_POST
def end_preview(request: HttpRequest) -> HttpResponse:
    """Back to one's own eyes."""
    role_id = request.session.pop(PREVIEW_KEY, "")
    return HttpResponseRedirect(f"/settings/roles/{role_id}" if role_id else "/")


def _values(ctx: Context, one: Role, error: str) -> dict[str, object]:
    people = Count("users", filter=Q(users__deleted_at=None, users__is_active=True))
    rows = gate.visible(ctx, registry.get("role")).annotate(people=people).order_by("pk")
    return {
        "role": one, "roles": rows, "error": error, "sections": _sections(ctx, one), "columns": COLUMNS,
        "people": User.objects.filter(role_id=one.pk, deleted_at=None, is_active=True).count(),
        "may_set": gate.may(ctx, registry.get("role"), one, "set_rights") and one.key != "owner",
        "may_copy": gate.may(ctx, registry.get("role"), one, "copy") and gate.allows(ctx, registry.get("role"), "create"),
        "defaults": gate.allows(ctx, registry.get("access_default"), "view"),
    }  # fmt: skip


def _sections(ctx: Context, one: Role) -> list[tuple[str, list[Line]]]:
    """The lines under the names of their departments, in the order of the navigation; the rest at the end."""
    names = {key: str(label) for key, label, _icon in DEPARTMENTS} | {"settings": _("Settings"), "": _("Parts of other records")}
    found: dict[str, list[Line]] = {key: [] for key in names}
    for info in registry.all():
        menu = info.declared.menu
        found[menu[0] if menu and menu[0] in names else ""].append(_line(info, one, menu[1] if menu else "corner-down-right"))
    return [(names[key], lines) for key, lines in found.items() if lines]


def _line(info: TypeInfo, one: Role, icon: str) -> Line:
    def cell(verb: str, label: object) -> Cell:
        names = YES_NO if verb == "create" else SCOPE_NAMES
        value = granted_scope(one.rights, info.key, verb)
        value = "all" if verb == "create" and value != "none" else value
        return Cell(f"r:{info.key}:{verb}", str(label), value, [(k, str(v)) for k, v in names.items()])

    shown = [verb for verb, _label in COLUMNS]
    actions = actions_of(info.key)
    more = [cell(v, _NAMES.get(v, actions[v].label if v in actions else v)) for v in verbs_of_type(info.key) if v not in shown]
    groups = []
    for group in _groups_of(info):
        level = one.field_groups.get(group, one.field_groups.get("*", "hidden"))
        words = [(k, str(GROUP_NAMES[k])) for k in GROUP_LEVELS]
        groups.append(Cell(f"g:{group}", _group_label(info, group), level, words))
    hidden = ", ".join(cell.label for cell in groups if cell.value == "hidden")
    under = info.declared.under
    follows = str(registry.get(info.fields[under].to).label) if under and info.key not in one.rights else ""
    return Line(info, icon, [cell(v, label) for v, label in COLUMNS], more, groups, hidden, follows)


def _groups_of(info: TypeInfo) -> list[str]:
    found = {field.see: None for field in info.fields.values() if field.see}
    if info.declared.sensitive:
        found[info.declared.sensitive[1]] = None
    return list(found)


def _group_label(info: TypeInfo, group: str) -> str:
    """A group is called by its fields: "turnover", "amount, weighted amount"; rows of a sensitive sort by the mark."""
    labels = [str(field.label) for field in info.fields.values() if field.see == group]
    if info.declared.sensitive and info.declared.sensitive[1] == group:
        labels.append(_("%(label)s %(plural)s") % {"label": info.fields[info.declared.sensitive[0]].label, "plural": info.plural})
    return ", ".join(labels)


def _posted(request: HttpRequest, one: Role) -> tuple[dict[str, dict[str, str]], dict[str, str]]:
    """The rights as posted. A type whose line is as wide as the role's "*" gives keeps following it; a type that
    follows another and was not touched stays out of the table."""
    rights: dict[str, dict[str, str]] = {"*": dict(one.rights["*"])} if "*" in one.rights else {}
    groups = {key: level for key, level in one.field_groups.items() if f"g:{key}" not in request.POST}
    for info in registry.all():
        line = {}
        for verb in verbs_of_type(info.key):
            scope = request.POST.get(f"r:{info.key}:{verb}", granted_scope(one.rights, info.key, verb))
            before = granted_scope(one.rights, info.key, verb)
            # The page says only yes or no for adding; a narrower scope that was there stays.
            scope = before if verb == "create" and scope == "all" and before != "none" else scope
            if scope in SCOPES:
                line[verb] = scope
        untouched = all(scope == granted_scope(one.rights, info.key, verb) for verb, scope in line.items())
        if info.key in one.rights and untouched:
            rights[info.key] = dict(one.rights[info.key])
        elif not untouched:
            rights[info.key] = {verb: scope for verb, scope in line.items() if scope != "none"} or {"view": "none"}
    for key, level in request.POST.items():
        if key.startswith("g:"):
            groups[key[2:]] = level
    return rights, groups


