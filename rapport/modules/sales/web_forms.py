"""What visitors send becomes a lead, or, when they are known, a message in the story of that person."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING
from uuid import UUID

from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from rapport.engines.webforms.registry import Received, Receiver, register_receiver
from rapport.kernel.changes.values import read_value
from rapport.kernel.query.models import IndexedValue
from rapport.kernel.records.registry import registry
from rapport.modules.customers.models import Customer

if TYPE_CHECKING:
    from rapport.kernel.context import Context

#: Fields of a lead that a person has too, under the same key.
_SHARED = ("name", "emails", "phones", "note")
#: What a known person's card may take where it is empty, and only from somebody who confirmed their address.
_FILLED = ("phones",)
_MOST_LOOKED_AT = 3


def take(ctx: Context, got: Received) -> tuple[str, UUID]:
    """A lead of somebody new; of a known person a message, with whatever differs put down to be looked at."""
    person = known_person(ctx, got.values)
    if person is None:
        made = ctx.create(
            "lead", **{**got.values, "source": "form", "raw": words(got), "owner": got.owner_id,
                       "tags": [got.campaign] if got.campaign else None},
        )  # fmt: skip
        return "lead", made.pk
    differing = fill(ctx, person, got)
    text = words(got) + ("\n\n" + _t("Differs from what is known here:") + "\n" + "\n".join(differing) if differing else "")
    message = ctx.create(
        "activity", kind="message", direction="in", subject=_t("Web form: %(form)s") % {"form": got.form[:150]}, body=text,
        customer=person.pk, happened_at=got.at, owner=got.owner_id,
    )  # fmt: skip
    note_consent(ctx, person, got)
    return "activity", message.pk


def note_consent(ctx: Context, person: Customer, got: Received) -> None:
    """What was agreed to, when the sender confirmed the address; with its wording and proof."""
    if got.consent and got.is_confirmed:
        ctx.create(
            "consent", customer=person.pk, purpose=got.consent_for, channel="email", answer="given", wording=got.consent,
            source=got.form[:120], proof=_t("Confirmed by the link in a mail to the address given."), happened_at=got.at,
        )  # fmt: skip


def known_person(ctx: Context, values: Mapping[str, object]) -> Customer | None:
    """The one person with this e-mail, else with this phone. Where several have it, nobody is meant."""
    info = registry.get("customer")
    for field in ("emails", "phones"):
        kind = info.fields[field].kind
        keys = [key for key in kind.index_keys(values.get(field) or []) if not key.startswith(("domain:", "@"))]
        if not keys:
            continue
        rows = IndexedValue.objects.filter(workspace_id=ctx.workspace.pk, type="customer", field=field, key__in=keys)
        ids = list(rows.values_list("record_id", flat=True).distinct()[: 10 * _MOST_LOOKED_AT])
        found = list(Customer.objects.filter(pk__in=ids, kind="person", deleted_at=None)[:_MOST_LOOKED_AT])
        if len(found) == 1:
            return found[0]
    return None


def fill(ctx: Context, person: Customer, got: Received) -> list[str]:
    """Fill what is empty on the card, if the sender confirmed; a line for each answer that differs. Nothing is overwritten."""
    fields = registry.get("customer").fields
    blanks: dict[str, object] = {}
    differing = []
    for key, value in got.values.items():
        if key not in _SHARED or key == "note":
            continue
        known = read_value(person, fields[key])
        if fields[key].kind.blank(known):
            if got.is_confirmed and key in _FILLED:
                blanks[key] = value
                continue
        elif not _says_more(fields[key].kind.to_json(known), fields[key].kind.to_json(value)):
            continue
        differing.append(f"{fields[key].label}: {fields[key].kind.text(value, ctx.format)}")
    if blanks:
        ctx.write(person, **blanks)
    return differing


def _says_more(known: object, given: object) -> bool:
    """Whether something is given that is not known."""
    if isinstance(known, list) and isinstance(given, list):
        have = {str(one.get("value", one)).casefold() for one in known if isinstance(one, dict)}
        return any(str(one.get("value", one)).casefold() not in have for one in given if isinstance(one, dict))
    return str(known).casefold() != str(given).casefold()


def words(got: Received) -> str:
    """All of it as it came in, with where from and what was agreed to."""
    lines = [f"{label}: {text}" for label, text in got.said]
    for label, text in ((_t("Form"), got.form), (_t("Source"), got.source), (_t("Campaign"), got.campaign)):
        if text:
            lines.append(f"{label}: {text}")
    if got.consent:
        lines.append(_t("Agreed to: %(text)s") % {"text": got.consent})
    lines.append(_t("The address was confirmed by mail.") if got.is_confirmed else _t("The address was not confirmed."))
    return "\n".join(lines)


register_receiver(Receiver("lead", take, _("A lead")))
