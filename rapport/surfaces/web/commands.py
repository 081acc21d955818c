"""What the command palette offers besides records: what to do with the record one looks at, what to add, where to go."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.http import HttpRequest
from django.urls import Resolver404, resolve
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from rapport.kernel.access import gate
from rapport.kernel.actions.running import offered
from rapport.kernel.context import Context
from rapport.kernel.errors import Gone, Refused
from rapport.kernel.format import capital
from rapport.kernel.records.model import Record
from rapport.kernel.records.registry import TypeInfo, registry
from rapport.kernel.text_folding import fold
from rapport.surfaces.web.settings_page import settings_lines
from rapport.surfaces.web.shell import creatable, departments

#: Commands of each sort shown beside records; without records there is room for more.
_FEW, _MANY = 5, 14


@dataclass(frozen=True)
class Command:
    """One line: what it does, where that is, whether it opens in the dialog, its key."""

    label: str
    url: str
    icon: str
    is_dialog: bool = False
    key: str = ""


@dataclass(frozen=True)
class Commands:
    """The commands that fit the words."""

    here: list[Command]
    create: list[Command]
    go: list[Command]
    #: The name of the record one looks at, "" elsewhere.
    title: str = ""


def commands(request: HttpRequest, ctx: Context, words: str, *, only: bool = False) -> Commands:
    """Everything this viewer can do from here; `only` when no records are wanted (the words began with ">")."""
    info, record = record_here(request, ctx)
    title, here = "", []
    if info is not None and record is not None:
        found = gate.titles(ctx, info, {record.pk}).get(record.pk)
        title = str(found) if found else str(info.label)
        here = _on_record(ctx, info, record)
    create = [Command(_("New %(label)s") % {"label": one.label}, one.url, one.icon) for one in creatable(ctx)]
    if "mailbox" in registry and gate.allows(ctx, registry.get("mailbox"), "view"):
        create.append(Command(_("Write e-mail"), "/write", "mail"))
    create.append(
        Command(_("Write it down"), "/quick-add" + (f"?{urlencode({'title': words})}" if words else ""), "pen-line", True, "N")
    )
    go = [Command(_("Today"), "/", "house", key="G H")]
    go += [Command(capital(one.label), one.url, one.icon) for part in departments(ctx, request.path_info) for one in part.entries]
    go += [Command(one.label, one.url, one.icon) for group in settings_lines(ctx) for one in group]
    most = _MANY if only else _FEW
    return Commands(
        fitting(here, words, _MANY), fitting(create, words, most) if words or only else create[-1:],
        fitting(go, words, most), title,
    )


def fitting(lines: Iterable[Command], words: str, most: int) -> list[Command]:
    """Those in whose label every word begins a word."""
    wanted = fold(words).split()
    found = []
    for one in lines:
        parts = fold(one.label).replace("-", " ").split()
        if all(any(part.startswith(word) for part in parts) for word in wanted):
            found.append(one)
    return found[:most]


def record_here(request: HttpRequest, ctx: Context) -> tuple[TypeInfo | None, Record | None]:
    """The record of the page from which the palette was opened, when the viewer may see it."""
    path = urlsplit(request.headers.get("HX-Current-URL", "")).path
    try:
        found = resolve(path)
        if not str(found.url_name or "").startswith("record") or "record_id" not in found.kwargs:
            return None, None
        info = registry.get(found.kwargs["type_key"])
        return info, gate.get(ctx, info, found.kwargs["record_id"])
    except (Resolver404, Gone, Refused):
        return None, None


def _on_record(ctx: Context, info: TypeInfo, record: Record) -> list[Command]:
    url = info.record_url(record.pk)
    lines = [Command(capital(one.label), f"{url}/do/{one.key}", one.icon or "play", True) for one in offered(ctx, info, record)]
    if gate.may(ctx, info, record, "edit"):
        lines.append(Command(_("Edit this %(label)s") % {"label": info.label}, f"{url}/edit", "pencil", True))
    lines.append(Command(_("Who can see it"), f"{url}/access", "eye", True))
    lines.append(Command(_("History"), f"{url}/history", "history"))
    return lines
