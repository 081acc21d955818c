"""What a telephone means: one extension, one person."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from rapport.engines.telephony.models import PhoneLine
from rapport.kernel.errors import Invalid
from rapport.kernel.records.declare import RecordType, Section, Use
from rapport.kernel.records.registry import record_type
from rapport.kernel.text_folding import fold

if TYPE_CHECKING:
    from rapport.kernel.context import Context
    from rapport.kernel.records.model import Record


def check_line(ctx: Context, record: Record | None, values: dict[str, object]) -> None:
    """An extension stands once: a call rings for one person."""
    if "number" not in values:
        return
    there = PhoneLine.objects.filter(workspace_id=ctx.workspace.pk, deleted_at=None, title_key=fold(str(values["number"])))
    if there.exclude(pk=record.pk if record else None).exists():
        sentence = _t("The extension “%(number)s” is there already; change that one.") % {"number": str(values["number"])[:40]}
        raise Invalid(sentence, code="not_unique", field="number")


@record_type
class PhoneLineType(RecordType):
    """A telephone of the company and whose it is."""

    model, key, title = PhoneLine, "phone_line", "number"
    uses = {"owner": Use(hidden=True), "team": Use(hidden=True), "external_id": Use(hidden=True)}
    list_columns = ["number", "user"]
    page = [Section(_("Telephone"), "number", "user")]
    grants = {"management": "*:all"}
    menu = ("settings", "phone")
    checks = (check_line,)
