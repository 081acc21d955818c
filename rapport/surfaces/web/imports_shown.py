"""What the pages of an import show: counts and states as sentences, the preview, the records behind an import."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from rapport.engines.imports.models import ImportRun
from rapport.engines.imports.session import BUSY, progress_of
from rapport.engines.imports.shapes import shapes_for
from rapport.kernel import format as shown_as
from rapport.kernel.access import gate
from rapport.kernel.changes.models import Change
from rapport.kernel.context import Context
from rapport.kernel.records.registry import registry

_PAGE = 50
#: Changes looked at for one page of records: those of other people may lie between.
_LOOKED_AT = 500


@dataclass(frozen=True)
class HistoryLine:
    """One import in the list."""

    run: ImportRun
    state: str
    kind: str
    counts: list[str]


def states() -> dict[str, tuple[str, str]]:
    """The word for a state, and its colour."""
    return {
        "draft": (_("not begun"), ""), "checking": (_("being checked"), "info"), "ready": (_("checked"), "info"),
        "running": (_("at work"), "info"), "paused": (_("paused"), "warn"), "stopped": (_("stopped"), "warn"),
        "done": (_("done"), "ok"), "failed": (_("broken off"), "bad"), "reverting": (_("being taken back"), "info"),
        "reverted": (_("taken back"), ""), "foreseeing": (_("looked through"), "info"),
    }  # fmt: skip


def history_lines(ctx: Context, runs: list[ImportRun]) -> list[HistoryLine]:
    """The imports so far."""
    words = states()
    return [HistoryLine(run, *words[run.state], counts_of(ctx, run)) for run in runs]


def counts_of(ctx: Context, run: ImportRun) -> list[str]:
    """What became of the lines, in plain words."""
    found = []
    counts = run.counts
    if number := counts.get("created", 0):
        found.append(ngettext("%(num)s created", "%(num)s created", number) % {"num": shown_as.number(number, ctx.format)})
    if number := counts.get("changed", 0):
        found.append(ngettext("%(num)s updated", "%(num)s updated", number) % {"num": shown_as.number(number, ctx.format)})
    if number := counts.get("unchanged", 0):
        found.append(ngettext("%(num)s unchanged", "%(num)s unchanged", number) % {"num": shown_as.number(number, ctx.format)})
    if number := counts.get("skipped", 0):
        found.append(ngettext("%(num)s skipped", "%(num)s skipped", number) % {"num": shown_as.number(number, ctx.format)})
    if number := counts.get("rejected", 0):
        found.append(
            ngettext("%(num)s line rejected", "%(num)s lines rejected", number) % {"num": shown_as.number(number, ctx.format)}
        )
    return found


def progress_line(ctx: Context, run: ImportRun) -> dict[str, object]:
    """How far the work is: a share, and a sentence."""
    done, total = progress_of(ctx, run) if run.state in BUSY else (0, 0)
    share = min(99, int(100 * done / total)) if total else 0
    sentences = {
        "checking": _("The whole file is being checked. Nothing is written yet."),
        "running": _("The lines are being written. You can leave this page."),
        "reverting": _("The import is being taken back. You can leave this page."),
        "foreseeing": _("Rapport looks at what taking the import back would do. Nothing is changed."),
    }
    return {"share": share, "sentence": sentences.get(run.state, "")}


def checked_of(ctx: Context, run: ImportRun) -> dict[str, object]:
    """What the check found, for the page."""
    checked = run.checked
    if not checked:
        return {}
    shapes = shapes_for(ctx)
    steps = run.mapping.get("steps") or [run.mapping]
    labels = [str((shapes.get(one.get("shape")) or registry.get(one["as"])).label) for one in steps]
    verbs = {
        "create": (_("new"), "ok"), "change": (_("changes"), "info"), "same": (_("is here"), ""),
        "skip": (_("left alone"), ""),
    }  # fmt: skip
    columns = [(number, key, labels[number] if len(steps) > 1 else "", label) for number, key, label in checked["columns"]]
    preview = [
        {
            "line": one["line"],
            "verbs": [(labels[at], *verbs[verb]) for at, verb in enumerate(one["verbs"]) if verb in verbs],
            "cells": [one["cells"][number].get(key, "") for number, key, _shape, _label in columns],
        }
        for one in checked["preview"]
    ]  # fmt: skip
    per_step = [_foreseen(ctx, labels[at], one) for at, one in enumerate(checked["steps"])]
    return {**checked, "shown_columns": columns, "shown": preview, "foreseen": [one for one in per_step if one]}


def _foreseen(ctx: Context, label: str, counts: dict[str, int]) -> str:
    parts = []
    if number := counts.get("created"):
        parts.append(ngettext("%(num)s new", "%(num)s new", number) % {"num": shown_as.number(number, ctx.format)})
    if number := counts.get("changed"):
        parts.append(ngettext("%(num)s changes", "%(num)s change", number) % {"num": shown_as.number(number, ctx.format)})
    if number := counts.get("unchanged"):
        parts.append(
            ngettext("%(num)s stays as it is", "%(num)s stay as they are", number) % {"num": shown_as.number(number, ctx.format)}
        )
    if number := counts.get("skipped"):
        parts.append(ngettext("%(num)s left alone", "%(num)s left alone", number) % {"num": shown_as.number(number, ctx.format)})
    return f"{label}: {', '.join(parts)}" if parts else ""


def reverted_of(ctx: Context, run: ImportRun) -> dict[str, object]:
    """What came of taking the import back."""
    found = run.revert
    if not found or "deleted" not in found:
        return {}
    deleted, restored, left = (int(found.get(key, 0)) for key in ("deleted", "restored", "left"))
    sentences = [
        ngettext("%(num)s record went into the bin.", "%(num)s records went into the bin.", deleted)
        % {"num": shown_as.number(deleted, ctx.format)},
        ngettext("%(num)s record has its old values again.", "%(num)s records have their old values again.", restored)
        % {"num": shown_as.number(restored, ctx.format)},
    ]
    return {"sentences": sentences, "left": left, "listed": _listed(ctx, found.get("listed", [])), "force": found.get("force")}


def foreseen_of(ctx: Context, run: ImportRun) -> dict[str, object]:
    """What taking the import back would do, as it was found."""
    found = run.revert.get("foreseen") if run.state != "reverted" else None
    if not found:
        return {}
    deleted, restored, left = (int(found[key]) for key in ("deleted", "restored", "left"))
    sentences = [
        (deleted, ngettext("%(num)s record would go into the bin.", "%(num)s records would go into the bin.", deleted)),
        (restored, ngettext("%(num)s record would get its old values again.", "%(num)s records would get their old values again.",
                            restored)),
    ]  # fmt: skip
    shown = [sentence % {"num": shown_as.number(number, ctx.format)} for number, sentence in sentences if number]
    return {
        "sentences": shown or [_("Nothing would be taken back.")], "left": left, "listed": _listed(ctx, found["listed"]),
        "at": shown_as.moment(dt.datetime.fromisoformat(found["at"]), ctx.format),
    }  # fmt: skip


def _listed(ctx: Context, listed: list[list[str]]) -> list[tuple[str, str, str]]:
    """Records that were left alone: title, address, why; only those the viewer may see."""
    by_type: dict[str, set[UUID]] = {}
    for type_key, pk, _title, _why in listed:
        if type_key in registry:
            by_type.setdefault(type_key, set()).add(UUID(pk))
    titles = {key: gate.titles(ctx, registry.get(key), ids) for key, ids in by_type.items()}
    return [
        (str(titles[key][UUID(pk)]), registry.get(key).record_url(UUID(pk)), why)
        for key, pk, _title, why in listed
        if key in titles and UUID(pk) in titles[key]
    ]


def records_page(ctx: Context, run: ImportRun, verb: str, before: int) -> tuple[list[tuple[str, str, str]], int]:
    """Records that an import created or changed, newest first, and where the next page begins (0 at the end)."""
    if run.after_number is None:
        return [], 0
    changes = Change.objects.filter(workspace_id=ctx.workspace.pk, number__gt=run.after_number)
    top = before or (run.last_number + 1 if run.last_number is not None else 0)
    if top:
        changes = changes.filter(number__lt=top)
    rows = list(changes.order_by("-number").values_list("number", "type", "record_id", "verb", "cause_id")[:_LOOKED_AT])
    own: list[tuple[int, str, UUID]] = []
    last = 0
    for number, type_key, pk, its_verb, cause in rows:
        last = number
        if cause == run.pk and its_verb == verb and type_key in registry:
            own.append((number, type_key, pk))
        if len(own) == _PAGE:
            break
    by_type: dict[str, set[UUID]] = {}
    for _number, type_key, pk in own:
        by_type.setdefault(type_key, set()).add(pk)
    titles = {key: gate.titles(ctx, registry.get(key), ids) for key, ids in by_type.items()}
    items = [
        (str(titles[key][pk]), registry.get(key).record_url(pk), shown_as.capital(str(registry.get(key).label)))
        for _number, key, pk in own
        if pk in titles[key]
    ]
    return items, last if len(rows) == _LOOKED_AT or len(own) == _PAGE else 0
