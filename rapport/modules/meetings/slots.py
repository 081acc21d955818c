"""The page of a meeting: who is invited, what they answered, and whether they know its time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from rapport.engines.mail.outbox import sending_mailboxes
from rapport.kernel.access import gate
from rapport.kernel.records.registry import registry
from rapport.kernel.slots import Panel, slot
from rapport.modules.activities.models import Activity, ActivityPerson
from rapport.modules.customers.models import Customer
from rapport.modules.meetings.inviting import guests_of, invite_of, is_changed, when_words

if TYPE_CHECKING:
    from rapport.kernel.context import Context
    from rapport.kernel.records.model import Record
    from rapport.kernel.records.registry import TypeInfo

_HUES = {"accepted": "ok", "declined": "bad", "tentative": "warn", "proposed": "warn"}
_MOST_SUGGESTED = 20


@slot("record.main", type_key="activity")
def invited(ctx: Context, info: TypeInfo | None, record: Record | None) -> Panel | None:
    """Everybody invited with their answer; what is to be done where the invited know something else."""
    if not isinstance(record, Activity) or record.kind not in ("meeting", "visit", "call") or info is None:
        return None
    invite = invite_of(ctx, record.pk)
    if invite is None:
        return None
    guests = guests_of(ctx, record.pk) if gate.allows(ctx, registry.get("meeting_guest"), "view") else []
    lines = [
        {
            "guest": one, "hue": _HUES.get(one.answer, "line"),
            "proposed": when_words(ctx, one.proposed_at, one.proposed_minutes) if one.proposed_at else "",
        }
        for one in guests
    ]  # fmt: skip
    may_tell = gate.may(ctx, info, record, "tell_invited")
    values = {
        "lines": lines, "url": info.record_url(record.pk), "is_called_off": invite.is_called_off, "may_tell": may_tell,
        "is_changed": invite.is_ours and not invite.is_called_off and is_changed(record, invite), "is_ours": invite.is_ours,
        "my_answer": invite.my_answer,
    }  # fmt: skip
    return Panel(_("Invited"), "meetings/invited.html", values)


@slot("action.activity.invite")
def whom_to_invite(ctx: Context, info: TypeInfo | None, record: Record | None) -> Panel | None:
    """The form begins with the people of the meeting who have an address and are not invited; or says what is missing."""
    assert isinstance(record, Activity)
    people = ActivityPerson.objects.filter(workspace_id=ctx.workspace.pk, activity_id=record.pk, deleted_at=None)
    ids = [*([record.customer_id] if record.customer_id else []), *people.values_list("person_id", flat=True)[:_MOST_SUGGESTED]]
    seen = gate.visible(ctx, registry.get("customer")).filter(pk__in=ids, kind="person") if ids else []
    known = {one.address for one in guests_of(ctx, record.pk)}
    found = []
    for one in seen:
        assert isinstance(one, Customer)
        address = next((str(entry["value"]).lower() for entry in one.emails or []), "")
        if address and address not in known:
            found.append(f"{one.name} <{address}>" if not set(one.name) & set(',;<>"') else address)
    has_mailbox = bool(sending_mailboxes(ctx))
    return Panel("", "meetings/invite.html", {"start": {"to": ", ".join(found)}, "has_mailbox": has_mailbox})
