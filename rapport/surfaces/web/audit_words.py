"""What an entry of the audit log says, as a plain sentence without its subject: "changed name and e-mail of Olive"."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from rapport.kernel.actions.registry import actions_of
from rapport.kernel.changes.audit import AuditLine
from rapport.kernel.format import capital
from rapport.kernel.records.registry import TypeInfo

#: What can be chosen as "what happened". Entries of other kinds are found without choosing one.
VERBS = {
    "create": gettext_lazy("Added"),
    "update": gettext_lazy("Changed"),
    "delete": gettext_lazy("Deleted"),
    "restore": gettext_lazy("Brought back"),
    "denied": gettext_lazy("Refused"),
    "exported": gettext_lazy("Exported"),
    "imported": gettext_lazy("Imported"),
    "shared": gettext_lazy("Shared"),
    "unshared": gettext_lazy("Sharing ended"),
    "merged": gettext_lazy("Merged"),
    "unmerged": gettext_lazy("Merge taken back"),
    "erased": gettext_lazy("Erased"),
    "signed_in": gettext_lazy("Signed in"),
    "sign_in_failed": gettext_lazy("Failed to sign in"),
    "signed_out": gettext_lazy("Signed out"),
    "role_changed": gettext_lazy("Role changed"),
    "portal_entered": gettext_lazy("Came into the portal"),
    "portal_opened": gettext_lazy("Portal access given"),
    "portal_closed": gettext_lazy("Portal access closed"),
    "portal_changed": gettext_lazy("Portal set up"),
    "help_centre_changed": gettext_lazy("Help centre set up"),
}
#: Through what, in words; a surface that is not named here says its own name.
SURFACES = {
    "web": gettext_lazy("Web"),
    "api": gettext_lazy("API"),
    "cli": gettext_lazy("Command line"),
    "import": gettext_lazy("Import"),
    "system": gettext_lazy("Rapport itself"),
    "rule": gettext_lazy("Follow-up rule"),
    "portal": gettext_lazy("Customer portal"),
    "chat": gettext_lazy("Chat on a web site"),
    "caldav": gettext_lazy("Calendar program"),
}
_MOST_NAMES = 3


def sentence(line: AuditLine) -> str:
    """What happened, to follow the name of who did it."""
    made = _SENTENCES.get(line.change.verb)
    return made(line) if made else _capital_off(kind_words(line.change.verb))


def kind_words(verb: str) -> str:
    """A kind of entry in words; one we do not know reads as its key."""
    return str(VERBS.get(verb) or capital(verb).replace("_", " "))


def surface_words(surface: str) -> str:
    """Through what it was done."""
    return str(SURFACES.get(surface, surface))


def thing(line: AuditLine) -> str:
    """The record by its name, else the type: "Olive", "a customer"."""
    return line.title or (str(line.info.label) if line.info else "")


def detail_words(line: AuditLine) -> list[tuple[str, str]]:
    """The details as label and text, those that are words for people."""
    found = []
    for key, value in line.change.details.items():
        if key not in line.details:
            continue
        shown = line.details[key]
        if isinstance(shown, dict):
            text = ", ".join(f"{k}: {v}" for k, v in shown.items() if v)
        elif isinstance(shown, list):
            text = ", ".join(map(str, shown))
        else:
            text = str(shown) if value is not True else _("yes")
        if text and value is not False:
            found.append((_label(key), text))
    return found


def _label(key: str) -> str:
    known = {
        "filter": _("Filter"), "sort": _("Order"), "columns": _("Columns"), "rows": _("Rows"), "format": _("Format"),
        "status": _("Answer"), "path": _("Address"), "writes": _("A write"), "count": _("Rows"), "records": _("Ids"),
        "asked": _("Asked for"), "address": _("Network address"), "file": _("File"), "state": _("State"),
        "counts": _("Counts"), "run": _("Run"), "reason": _("Reason"), "what": _("What"),
    }  # fmt: skip
    return known.get(key, capital(key).replace("_", " "))


def _capital_off(text: str) -> str:
    return text[:1].lower() + text[1:]


def _created(line: AuditLine) -> str:
    return _("added %(type)s %(title)s") % _names(line)


def _updated(line: AuditLine) -> str:
    if line.change.redacted_at is not None:
        return _("changed %(type)s; what it was has been erased") % _names(line)
    done = _action(line)
    labels = [str(one.label) for one, _before, _after in line.entries]
    text = _list(labels)
    if done:
        return _("%(action)s: %(fields)s of %(type)s %(title)s") % {"action": done, "fields": text, **_names(line)}
    return _("changed %(fields)s of %(type)s %(title)s") % {"fields": text, **_names(line)}


def _deleted(line: AuditLine) -> str:
    return _("deleted %(type)s %(title)s") % _names(line)


def _restored(line: AuditLine) -> str:
    return _("brought %(type)s %(title)s back") % _names(line)


def _denied(line: AuditLine) -> str:
    count = line.change.details.get("count")
    if isinstance(count, int) and line.info:
        return ngettext("was refused on %(count)d %(type)s", "was refused on %(count)d %(plural)s", count) % {
            "count": count, "type": line.info.label, "plural": line.info.plural,
        }  # fmt: skip
    if line.change.details.get("writes"):
        return _("was refused to change %(type)s %(title)s").strip() % _names(line)
    return _("was refused to see %(type)s %(title)s") % _names(line)


def _exported(line: AuditLine) -> str:
    rows = line.change.details.get("rows")
    if isinstance(rows, int):
        plural: object = line.info.plural if line.info else _("entries of the audit log")
        label: object = line.info.label if line.info else _("entry of the audit log")
        return _("exported %(count)d %(what)s") % {"count": rows, "what": label if rows == 1 else plural}
    if line.change.details.get("format") == "file":
        return _("downloaded a file of %(type)s %(title)s") % _names(line)
    return _("exported %(type)s %(title)s") % _names(line)


def _imported(line: AuditLine) -> str:
    plural: TypeInfo | None = line.info
    names = {"file": line.change.details.get("file", ""), "what": plural.plural if plural else ""}
    state = line.change.details.get("state")
    if state == "started":
        return _("started to import %(what)s from “%(file)s”") % names
    if state == "resumed":
        return _("went on importing %(what)s from “%(file)s”") % names
    if state == "stopped":
        return _("stopped importing %(what)s from “%(file)s”") % names
    return _("imported %(what)s from “%(file)s”") % names


def _shared(line: AuditLine) -> str:
    return _("shared %(type)s %(title)s") % _names(line)


def _unshared(line: AuditLine) -> str:
    return _("ended a share of %(type)s %(title)s") % _names(line)


def _merged(line: AuditLine) -> str:
    return _("merged another record into %(type)s %(title)s") % _names(line)


def _unmerged(line: AuditLine) -> str:
    return _("took a merge into %(type)s %(title)s back") % _names(line)


def _erased(line: AuditLine) -> str:
    return _("erased the personal data of %(type)s %(title)s") % _names(line)


def _names(line: AuditLine) -> dict[str, object]:
    return {"type": line.info.label if line.info else _("something"), "title": f"“{line.title}”" if line.title else ""}


def _action(line: AuditLine) -> str:
    if line.info is None or not line.change.action:
        return ""
    found = actions_of(line.info.key).get(line.change.action)
    return str(found.label) if found else ""


def _list(labels: Sequence[str]) -> str:
    shown = list(labels[:_MOST_NAMES])
    if len(labels) > _MOST_NAMES:
        more = len(labels) - _MOST_NAMES
        return ngettext("%(names)s and %(count)d more", "%(names)s and %(count)d more", more) % {
            "names": ", ".join(shown), "count": more,
        }  # fmt: skip
    if len(shown) < 2:
        return "".join(shown)
    return _("%(names)s and %(last)s") % {"names": ", ".join(shown[:-1]), "last": shown[-1]}


_SENTENCES: dict[str, Callable[[AuditLine], str]] = {
    "create": _created, "update": _updated, "delete": _deleted, "restore": _restored, "denied": _denied,
    "exported": _exported, "imported": _imported, "shared": _shared, "unshared": _unshared, "erased": _erased,
    "merged": _merged, "unmerged": _unmerged,
}  # fmt: skip
