"""Mail templates: what their placeholders stand for, looked up with the eyes of whoever writes."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from django.utils.translation import gettext as _

from rapport.engines.booking.finding import booking_address
from rapport.engines.mail.composing import Template, Templates, templates_from
from rapport.engines.mail.placeholders import filled, unknown_in
from rapport.kernel.access import gate
from rapport.kernel.errors import Invalid
from rapport.kernel.records.registry import registry
from rapport.modules.mail.models import MailTemplate
from rapport.modules.mail.participants import companies_of, customers_by_address

if TYPE_CHECKING:
    from rapport.kernel.context import Context
    from rapport.kernel.records.model import Record

#: The words there are.
WORDS = (
    "person.name", "person.first_name", "person.email", "customer.name", "me.name", "me.first_name", "me.booking", "company.name",
    "today",
)  # fmt: skip
_MOST = 100


def check_template(ctx: Context, record: Record | None, values: dict[str, object]) -> None:
    """Every placeholder is one there is."""
    for key in ("subject", "body"):
        if wrong := unknown_in(str(values.get(key) or ""), WORDS):
            sentence = _("“%(word)s” is no placeholder. There are: %(words)s.") % {
                "word": wrong[:60], "words": ", ".join(f"{{{{{one}}}}}" for one in WORDS),
            }  # fmt: skip
            raise Invalid(sentence, code="placeholder", field=key)


class ReadyTexts(Templates):
    """The templates for the form of a new message."""

    def listed(self, ctx: Context) -> list[Template]:
        """Those the viewer may see: first those in the language of whoever writes."""
        info = registry.get("mail_template")
        if not gate.allows(ctx, info, "view"):
            return []
        rows = list(gate.visible(ctx, info).order_by("title_key", "pk")[:_MOST])
        rows.sort(key=lambda one: one.language not in ("", ctx.format.language))
        return [Template(one.pk, one.name) for one in rows]

    def filled(self, ctx: Context, template_id: UUID, address: str) -> tuple[str, str]:
        """One for a receiver; what the viewer may not see is empty."""
        found = gate.get(ctx, registry.get("mail_template"), template_id)
        assert isinstance(found, MailTemplate)
        values = words_for(ctx, address)
        return filled(found.subject, values, WORDS), filled(found.body, values, WORDS)


def words_for(ctx: Context, address: str) -> dict[str, str]:
    """What each placeholder stands for, for whoever has an address."""
    from rapport.kernel import format as shown_as

    address = address.strip().lower()
    known = customers_by_address(ctx, [address]).get(address) if address else None
    info = registry.get("customer")
    places = companies_of(ctx, [known.pk]).get(known.pk, []) if known and known.kind == "person" else []
    # Found by the index, shown by the gate: of a customer the viewer may not see there is no name.
    names = gate.titles(ctx, info, {*places, known.pk}) if known else {}
    person = str(names.get(known.pk, "")) if known and known.kind == "person" else ""
    customer = str(names.get(known.pk, "")) if known and known.kind != "person" else ""
    customer = customer or next((str(names[one]) for one in places if one in names), "")
    return {
        "person.name": person, "person.first_name": person.split(" ")[0], "person.email": address if person else "",
        "customer.name": customer or person, "me.name": ctx.viewer.name, "me.first_name": ctx.viewer.name.split(" ")[0],
        "me.booking": booking_address(ctx), "company.name": ctx.workspace.name,
        "today": shown_as.full_date(ctx.format.now.astimezone(ctx.format.zone).date(), ctx.format),
    }  # fmt: skip


templates_from(ReadyTexts())
