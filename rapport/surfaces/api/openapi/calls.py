"""What a telephone system sends, in the document of the API."""

from __future__ import annotations

from django.utils.translation import gettext as _

from rapport.engines.telephony.hearing import DIRECTIONS, EVENTS
from rapport.engines.telephony.models import LiveCall
from rapport.surfaces.api.openapi.paths import json_answer, operation
from rapport.surfaces.api.openapi.shapes import ID, Schema

_MAYBE_ID: Schema = {"anyOf": [ID, {"type": "null"}]}


def calls_name() -> str:
    """The heading."""
    return _("Telephone")


def calls_paths() -> dict[str, Schema]:
    """One address for all that happens to a call."""
    body: Schema = {
        "type": "object", "additionalProperties": False, "required": ["id", "event"],
        "properties": {
            "id": {"type": "string", "minLength": 1, "maxLength": 120,
                   "description": _("What the telephone system calls the call.")},
            "event": {"type": "string", "enum": list(EVENTS)},
            "direction": {"type": "string", "enum": list(DIRECTIONS)},
            "number": {"type": "string", "maxLength": 60, "description": _("The other side, in any way of writing numbers.")},
            "line": {"type": "string", "maxLength": 40, "description": _("The extension, as it stands in the settings.")},
            "at": {"type": "string", "format": "date-time", "description": _("When it happened; now without it.")},
            "recording": {"type": "string", "maxLength": 500, "description": _("The address of the recording.")},
        },
    }  # fmt: skip
    names: dict[str, Schema] = {"type": {"type": "string"}, "id": ID, "title": {"type": "string"}}
    record: Schema = {"type": ["object", "null"], "properties": names}
    states = [key for key, _label in LiveCall.STATES]
    call: Schema = {"type": "object", "required": ["id", "state", "user", "activity", "record"], "properties": {
        "id": {"type": "string"}, "state": {"type": "string", "enum": states}, "user": _MAYBE_ID, "activity": _MAYBE_ID,
        "record": record,
    }}  # fmt: skip
    return {"/api/v1/calls": {"post": operation(
        "calls.tell", _("Tell what happens to a call"), calls_name(), {"200": json_answer(_("What is known of it."), call)},
        parameters=("Idempotency-Key",), writes=True, body=body,
        about=_("Each message may come twice, late and in any order. When the call is over it stands as an activity."),
    )}}  # fmt: skip
