"""The published versions of a record side by side, and bringing one back."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from rapport.engines.publishing.comparing import Pair, side_by_side
from rapport.engines.publishing.models import Version
from rapport.engines.publishing.shelf import versions
from rapport.engines.publishing.versioned import versioned_fields
from rapport.kernel.access import gate
from rapport.kernel.changes.values import read_value
from rapport.kernel.context import Context
from rapport.kernel.errors import Gone
from rapport.kernel.format import capital
from rapport.kernel.records.field import Field
from rapport.kernel.records.model import Record
from rapport.kernel.records.registry import TypeInfo, registry
from rapport.surfaces.web.answers import done
from rapport.surfaces.web.posted import whole_number
from rapport.surfaces.web.shell import render
from rapport.surfaces.web.toasts import undo_mark


@dataclass(frozen=True)
class Compared:
    """One field of both versions."""

    label: str
    pairs: list[Pair]
    is_same: bool


@require_GET
def compare(request: HttpRequest, type_key: str, record_id: UUID) -> HttpResponse:
    """`?one=` and `?other=` choose; without them the newest version beside the text as it stands now."""
    ctx: Context = request.ctx  # type: ignore[attr-defined]
    info, record, fields = _asked(ctx, type_key, record_id)
    found = versions(ctx, record.pk)
    by_number = {one.number: one for one in found}
    one = by_number.get(whole_number(request.GET.get("one", "")) or 0) or (found[0] if found else None)
    other = by_number.get(whole_number(request.GET.get("other", "")) or 0)
    names = gate.titles(ctx, registry.get("user"), {v.by_id for v in found if v.by_id})
    values = {
        "info": info, "record": record, "versions": found, "one": one, "other": other, "names": names,
        "title": gate.titles(ctx, info, {record.pk}).get(record.pk, str(info.label)), "crumb": capital(info.plural),
        "compared": _compared(ctx, fields, one, other, record) if one else [],
        "may_bring_back": gate.may(ctx, info, record, "edit"),
    }  # fmt: skip
    return render(request, "versions/page.html", values)


@require_POST
def bring_back(request: HttpRequest, type_key: str, record_id: UUID, number: int) -> HttpResponse:
    """Make the texts of a version the text as it stands now; readers see it once it is published."""
    ctx: Context = request.ctx  # type: ignore[attr-defined]
    info, record, fields = _asked(ctx, type_key, record_id)
    record = gate.get(ctx, info, record_id, "edit")
    found = next((one for one in versions(ctx, record.pk) if one.number == number), None)
    if found is None:
        raise Gone(_("There is no such version."))
    cleaning = ctx.cleaning()
    written = ctx.write(record, **{f.key: f.kind.clean(found.texts.get(f.key) or None, cleaning) for f in fields})
    text = _("The text of version %(number)d is back. Publish it to show it to readers.") % {"number": number}
    return done(request, text, info.record_url(record.pk), undo=undo_mark(written))


def _asked(ctx: Context, type_key: str, record_id: UUID) -> tuple[TypeInfo, Record, list[Field]]:
    """The type, the record, and the fields of versions that the viewer may see; raises Gone for a type without versions."""
    info = registry.get(type_key)
    record = gate.get(ctx, info, record_id)
    keys = versioned_fields(info.key)
    if not keys:
        raise Gone(_("Records of this type have no versions."))
    seen = gate.fields(ctx, info)
    return info, record, [seen[key] for key in keys if key in seen]


def _compared(ctx: Context, fields: list[Field], one: Version, other: Version | None, record: Record) -> list[Compared]:
    found = []
    for field in fields:
        now = other.texts.get(field.key) if other else read_value(record, field)
        pairs = side_by_side(_words(ctx, field, one.texts.get(field.key)), _words(ctx, field, now))
        found.append(Compared(capital(field.label), pairs, all(pair.how == "same" for pair in pairs)))
    return found


def _words(ctx: Context, field: Field, value: object) -> str:
    return field.kind.text(value, ctx.format) if value else ""
