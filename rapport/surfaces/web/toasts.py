"""Short messages at the bottom left, with Undo: after a redirect through the session, in a part through a header."""

from __future__ import annotations

import json

from django.contrib import messages
from django.http import HttpRequest, HttpResponse

from rapport.kernel.records.model import Record
from rapport.kernel.records.registry import registry

_LEVELS = {"ok": messages.SUCCESS, "bad": messages.ERROR, "info": messages.INFO}


def undo_mark(record: Record) -> str:
    """What `/undo` needs to put back the last change of a record; it holds only while nobody changed it since."""
    return f"{registry.of(record).key}:{record.pk}:{record.version}"


def say(request: HttpRequest, text: object, *, kind: str = "ok", undo: str = "") -> None:
    """Show a toast on the next page; `undo` is one or several undo marks with blanks between."""
    messages.add_message(request, _LEVELS[kind], str(text), extra_tags=undo)


def say_now(response: HttpResponse, text: object, *, kind: str = "ok", undo: str = "") -> HttpResponse:
    """Show a toast together with the part of a page that this response brings."""
    return trigger(response, toast={"text": str(text), "kind": kind, "undo": undo})


def trigger(response: HttpResponse, **events: object) -> HttpResponse:
    """Add events for the page's scripts: toast, closeDialog, refresh."""
    kept = json.loads(response.headers.get("HX-Trigger", "{}"))
    response.headers["HX-Trigger"] = json.dumps({**kept, **events})
    return response


def waiting(request: HttpRequest) -> list[dict[str, str]]:
    """The toasts kept for this page."""
    names = {level: name for name, level in _LEVELS.items()}
    return [
        {"text": str(one.message), "kind": names.get(one.level, "info"), "undo": one.extra_tags or ""}
        for one in messages.get_messages(request)
    ]
