"""Valid values for a record of any type, read off its declaration: what the batteries over the registry feed on."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from itertools import count
from uuid import UUID

from rapport.kernel.context import Context
from rapport.kernel.ids import new_id
from rapport.kernel.records.field import Field
from rapport.kernel.records.model import Record
from rapport.kernel.records.registry import TypeInfo, registry

_numbers = count(1)
_types = (
    info.key for _round in count() for info in registry.shipped().values()
    if not info.declared.under and not info.declared.private
)  # fmt: skip

#: Values that a type's own checks ask for and no field can say, with the reason.
SPECIAL: dict[str, dict[str, object] | Callable[[], dict[str, object]]] = {
    # Must name a real type and kind, and conditions that mean something; a field is typed or calculated, not both.
    "custom_field": {"on_type": "customer", "kind": "choice", "choices": "A\nB", "default_text": "", "is_unique": False,
                     "in_search": False, "show_when": "name is x", "require_when": "", "formula": "", "roll_up": None,
                     "to_type": "", "decimals": None},
    # What it is called stands in everybody's navigation who may use it; it can name no columns before it has fields.
    # The name of something real, in a language there is.
    "wording": lambda: {"on_type": next(_types), "on_field": "", "language": "de"},
    # A real type, once for all roles, with fields of it.
    "page_layout": lambda: {"on_type": next(_types), "role": None, "shown": "", "left_out": "", "columns": ""},
    "custom_type": {"open_to": "nobody", "columns": ""},
    "exchange_rate": {"currency": "USD"},  # a code, not any text
    "view": {"on_type": "customer", "matching": "kind is company", "sorting": "name", "columns": "name,phones",
             "grouping": "stage", "audience": "private", "to_team": None},  # a state that works
    # One default for each type, which must be a real one; a rule shares with exactly one role, team or person.
    "access_default": lambda: {"on_type": next(_types)},
    # Whom it is for follows the owner; how much of what it is measured by.
    "target": lambda: {
        "measure": "count", "deals": 3, "starts_on": dt.date(2026, 1, 1),
        "person": registry.get("user").model.objects.order_by("id").values_list("pk", flat=True)[0],
    },
    # A real type, one of its dates, a subject without braces, and nobody in particular.
    "follow_up_rule": lambda: {
        "on_type": "customer", "moment": "last_contact_at", "mode": "after", "unit": "days", "side": "after", "amount": 30,
        "matching": "", "kind": "call", "give_to": "owner", "person": None, "due_days": 0, "also_days": 0, "due_time": None,
        "is_active": True,
    },
    # Questions that can be asked, and sites that exist.
    "web_form": {"makes": "lead", "place": "", "asks": "name*\nemails*", "sites": "", "is_confirmed_by_mail": True, "language": "en"},
    # Hours of the day, days and lengths, which no text is; an address of its own.
    "booking_page": lambda: {
        "handle": f"page-{next(_numbers)}", "lengths": "30", "days_off": "", "place_kind": "phone", "language": "en",
        **dict.fromkeys(("monday", "tuesday", "wednesday", "thursday", "friday"), "9-17"), "saturday": "", "sunday": "",
    },
    "chat_widget": {"sites": "", "color": "", "language": "en", "privacy_url": ""},
    # An address that messages may go to.
    "webhook": {"url": "https://example.com/hook", "on_type": "customer", "verbs": ["create"], "matching": "", "is_active": True},
    # Hours of the day and a zone, which no text is; only placeholders there are.
    "service_hours": {"zone": "Europe/Dublin", **dict.fromkeys(("monday", "tuesday", "wednesday", "thursday", "friday"), "9-17"),
                      "saturday": "10:00-13:00", "sunday": ""},
    "saved_reply": {"body": "Hello {{person.name}}"},
    "queue_member": {"away_from": None, "away_until": None},
    # A filter that can be asked, a line per language, a low score on the scale; a score on the scale, without a follow-up.
    "survey": {"customers": "stage is customer", "wordings": "de: Wie war es?", "low": 2, "follow_up_for": "owner",
               "follow_up_person": None, "every_months": 6, "kind": "csat", "is_active": False},
    "survey_answer": {"score": 4, "channel": "phone"},
    # A server by its name, over an encrypted connection, and whose it is.
    # The id of a conversation; later ones sort after earlier ones, as those of messages that arrive do not.
    "mail": lambda: {"thread": new_id().hex},
    "mailbox": lambda: {
        "imap_host": "imap.example.com", "imap_port": 993, "kind": "personal", "smtp_host": "smtp.example.com", "smtp_port": 587,
        "sign_in": "password", "owner": registry.get("user").model.objects.order_by("id").values_list("pk", flat=True)[0],
    },
    "sharing_rule": lambda: {
        "on_type": "customer", "matching": "", "to_role": registry.get("role").model.objects.get(key="owner").pk,
        "to_team": None, "to_user": None,
    },
}


def is_sealed(info: TypeInfo) -> bool:
    """Private, or under a private type: made by its module only, and seen by whoever it belongs to."""
    above = registry.get(info.fields[info.declared.under].to) if info.declared.under else info
    return info.declared.private or above.declared.private


def make(ctx: Context, type_key: str, **given: object) -> Record:
    """Create a record of the type with every required field filled; what only its module makes, in its stead for the viewer."""
    info = registry.get(type_key)
    if is_sealed(info) and not ctx.viewer.is_system:
        if info.declared.under and info.declared.under not in given:
            given[info.declared.under] = make(ctx, info.fields[info.declared.under].to).pk
        elif not info.declared.under:
            given.setdefault("owner", ctx.viewer.user_id)
        ctx = ctx.as_system("test")
    return ctx.create(type_key, **values_for(ctx, info, **given))


def values_for(ctx: Context, info: TypeInfo, *, every: bool = False, **given: object) -> dict[str, object]:
    """Values for the required fields (with `every`: for all that may be set at creation)."""
    values: dict[str, object] = {}
    for key, field in info.fields.items():
        if key in given or not field.settable(creating=True) or not (field.required or every or key == info.declared.title):
            continue
        if key in ("owner", "team", "external_id") and not field.required:
            continue
        value = value_for(ctx, info, field)
        if value is not None:
            values[key] = value
    special = SPECIAL.get(info.key, {})
    return {**values, **(special() if callable(special) else special), **given}


def value_for(ctx: Context, info: TypeInfo, field: Field, tag: str = "") -> object:
    """A believable value of the field's kind, different at every call where the kind allows it."""
    n = next(_numbers)
    if field.to:
        return reference_for(ctx, info, field)
    tag = tag or f"{info.key} {field.key} {n}"
    plain: dict[str, object] = {
        "text": tag, "longtext": f"{tag}\nsecond line", "markdown": f"# {tag}\n\nsecond line", "number": n % 100 + 1, "percent": n % 100, "money": f"{n}.50",
        "date": dt.date(2026, 1, 1) + dt.timedelta(days=n % 300), "datetime": dt.datetime(2026, 1, 1, 12, tzinfo=dt.UTC),
        "time": dt.time(9, 30), "yesno": False, "rights": {"customer": {"view": "own"}}, "phone": f"+353 1 555 {n % 10000:04d}", "email": f"a{n}@example.com", "one_email": f"b{n}@example.com",
        "web": f"https://site{n}.example", "tags": [f"tag{n}"],
        "address": [{"street": f"{n} Quay", "city": f"City{n}", "country": "IE"}],
    }  # fmt: skip
    if field.kind.key in plain:
        value = plain[field.kind.key]
        most = getattr(field.kind, "max_length", None)
        return value[-most:].strip() if isinstance(value, str) and most else value
    choices = list(getattr(getattr(field.kind, "choices", None), "pairs", {}))
    if field.kind.key in ("choice", "multichoice") and choices:
        return [choices[0]] if field.kind.many else choices[0]
    return None


def reference_for(ctx: Context, info: TypeInfo, field: Field) -> UUID | None:
    """An existing or new record to point at (only required references are followed, so that types may form rings)."""
    if not field.required:
        return None
    given = {"kind": "person"} if "kind is person" in field.only else {"kind": "company"} if "kind is" in field.only else {}
    return make(ctx, field.to, **given).pk
