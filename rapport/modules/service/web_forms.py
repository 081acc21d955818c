"""What visitors send into a web form that makes tickets: a ticket in the form's queue, of whoever is known by the address."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING
from uuid import UUID

from django.utils import translation
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from rapport.engines.webforms.registry import Received, Receiver, register_receiver
from rapport.kernel.access import gate
from rapport.kernel.query.models import IndexedValue
from rapport.kernel.records.registry import registry
from rapport.modules.customers.models import Customer
from rapport.modules.mail.participants import companies_of
from rapport.modules.sales.web_forms import fill, known_person, note_consent, words
from rapport.modules.service.files import attach
from rapport.modules.service.mail_out import send_receipt_to
from rapport.modules.service.models import Queue, Ticket

if TYPE_CHECKING:
    from rapport.kernel.context import Context
    from rapport.kernel.records.field import Field

#: Who asks, out of the fields of a person; what it is about, out of those of a ticket. Own fields of tickets come on top.
_WHO, _WHAT = ("name", "emails", "phones"), ("subject", "body", "kind", "product", "category")


def fields(ctx: Context) -> Mapping[str, Field]:
    """What a form may ask for."""
    who, what = gate.fields(ctx, registry.get("customer")), gate.fields(ctx, registry.get("ticket"))
    own = {key: one for key, one in what.items() if one.source == "custom"}
    return {**{key: who[key] for key in _WHO}, **{key: what[key] for key in _WHAT}, **own}


def queues(ctx: Context) -> list[str]:
    """The names of the queues, in their order."""
    rows = Queue.objects.filter(workspace_id=ctx.workspace.pk, deleted_at=None).order_by("position", "pk")
    return list(rows.values_list("name", flat=True)[:200])


def take(ctx: Context, got: Received) -> tuple[str, UUID]:
    """A ticket with what was asked and the files, and beside it, for colleagues only, everything as it came in."""
    with translation.override(ctx.workspace.language):
        person = known_person(ctx, got.values)
        differing = fill(ctx, person, got) if person is not None else []
        person = person or _write_down(ctx, got)
        asked = {key: value for key, value in got.values.items() if key not in _WHO}
        queue = _queue(ctx, got.place)
        ticket = ctx.create(
            "ticket", **{"subject": _subject(got), "channel": "form", **asked, **_asker(ctx, person), "queue": queue.pk}
        )
        assert isinstance(ticket, Ticket)
        attach(ctx, ticket, None, got.files)
        text = words(got) + ("\n\n" + _t("Differs from what is known here:") + "\n" + "\n".join(differing) if differing else "")
        ctx.create("ticket_entry", ticket=ticket.pk, kind="note", body=text)
        ctx.write(ticket, heard_at=ctx.format.now)
        if person is not None:
            note_consent(ctx, person, got)
        if got.is_confirmed and (address := _address(got)):
            send_receipt_to(ctx, queue, ticket, address)
    return "ticket", ticket.pk


def _subject(got: Received) -> str:
    """What they called it, else its first line, else the name of the form."""
    body = str(got.values.get("body") or "").strip()
    return str(got.values.get("subject") or body.partition("\n")[0] or got.form)[:200]


def _queue(ctx: Context, place: str) -> Queue:
    """The form's queue; the first one when it says none, or one that is there no longer."""
    rows = Queue.objects.filter(workspace_id=ctx.workspace.pk, deleted_at=None).order_by("position", "pk")
    found = rows.filter(name=place).first() or rows.first()
    assert found is not None, "there is no queue"
    return found


def _write_down(ctx: Context, got: Received) -> Customer | None:
    """Somebody new, so that a reply has somewhere to go; nobody without a name and an address or number.

    Where several have the address nobody is meant, and no further one is made.
    """
    name = str(got.values.get("name") or _address(got)).strip()
    if not name or not (got.values.get("emails") or got.values.get("phones")) or _is_known(ctx, got):
        return None
    values = {key: got.values[key] for key in ("emails", "phones") if got.values.get(key)}
    made = ctx.create("customer", kind="person", name=name, owner=got.owner_id, **values)
    assert isinstance(made, Customer)
    return made


def _is_known(ctx: Context, got: Received) -> bool:
    """Whether anybody at all has the address: a company, or several people."""
    info = registry.get("customer")
    keys = info.fields["emails"].kind.index_keys(got.values.get("emails") or [])
    keys = [key for key in keys if not key.startswith(("domain:", "@"))]
    rows = IndexedValue.objects.filter(workspace_id=ctx.workspace.pk, type="customer", field="emails", key__in=keys)
    return Customer.objects.filter(pk__in=rows.values("record_id"), deleted_at=None).exists()


def _asker(ctx: Context, person: Customer | None) -> dict[str, object]:
    if person is None:
        return {}
    companies = companies_of(ctx, [person.pk]).get(person.pk, [])
    return {"person": person.pk, "customer": companies[0] if len(companies) == 1 else person.pk}


def _address(got: Received) -> str:
    emails = got.values.get("emails")
    return str(emails[0]["value"]) if isinstance(emails, list) and emails else ""


register_receiver(
    Receiver(
        "ticket", take, _("A ticket"), needs="body", begins="name*\nemails*\nsubject*\nbody*\nfiles", fields=fields,
        places=queues, takes_files=True, optional=("subject",),
    )
)
