"""Upsert: the record with this external id, e-mail address or other exact key is changed, or made when there is none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from rapport.engines.programs.one_writer import alone_with
from rapport.kernel.access import gate
from rapport.kernel.changes import door
from rapport.kernel.changes.unit import unit_of_work
from rapport.kernel.context import Context
from rapport.kernel.errors import Conflict, Invalid
from rapport.kernel.format import capital
from rapport.kernel.query.read import filtered
from rapport.kernel.query.tree import Test
from rapport.kernel.records.field import Field
from rapport.kernel.records.model import Record
from rapport.kernel.records.registry import TypeInfo, registry
from rapport.kernel.text_folding import fold
from rapport.surfaces.api.items import item_or_none, one_answer
from rapport.surfaces.api.problems import HttpProblem, StaleVersion
from rapport.surfaces.api.reading import body_of, none_match_any, parameters, wanted_version

_LONGEST = 500


@dataclass(frozen=True)
class Put:
    """What became of an upsert."""

    record: Record
    is_new: bool


def key_fields(ctx: Context, info: TypeInfo) -> dict[str, Field]:
    """The fields that find records exactly and by an index: the external id, whatever the value index knows, the title."""
    return {
        key: f
        for key, f in gate.fields(ctx, info).items()
        if "is" in f.kind.operators
        and f.settable(creating=True)
        and (key == "external_id" or (f.kind.many and not f.to) or (f == info.title_field and f.kind.key == "text"))
    }


def put(ctx: Context, request: HttpRequest, type_key: str, field_key: str, value: str) -> HttpResponse:
    """PUT /api/v1/{type}/by/{field}/{value}: 200 with the changed record, 201 with a new one. `If-None-Match: *` only
    makes, `If-Match` only changes."""
    info = registry.get(type_key)
    parameters(request, ())
    expected = wanted_version(request)
    only_changes = bool(request.headers.get("If-Match", "").strip())
    try:
        done = upsert(
            ctx, info, field_key, value, body_of(request, may_be_empty=True), expected=expected,
            may_create=not only_changes, may_change=not none_match_any(request),
        )  # fmt: skip
    except Conflict as contested:
        if expected is None or contested.code != Conflict.default_code:
            raise
        raise StaleVersion(contested.sentence, fields=contested.fields) from contested
    item = item_or_none(ctx, info, done.record.pk) or {"id": done.record.pk, "version": done.record.version}
    location = f"/api/v1/{info.key}/{done.record.pk}" if done.is_new else ""
    return one_answer(item, status=201 if done.is_new else 200, location=location)


def upsert(
    ctx: Context, info: TypeInfo, key: str, value: object, values: Mapping[str, object], *, expected: int | None = None,
    may_create: bool = True, may_change: bool = True,
) -> Put:  # fmt: skip
    """Change the one record whose field is the value, or make it. One at a time for a key, so that two that come together
    make one record. Raises Conflict when several have the key, and the 412 of a condition that is not met."""
    field = key_fields(ctx, info).get(key)
    if field is None:
        known = ", ".join(key_fields(ctx, info)) or _("none")
        raise Invalid(
            _("Records are not found by “%(key)s” here; by these they are: %(known)s.") % {"key": key[:60], "known": known},
            code="no_key_field", field=key[:60],
        )  # fmt: skip
    text = value.strip() if isinstance(value, str) else ""
    if not text or len(text) > _LONGEST:
        raise Invalid(_("Give the value to find the record by, as text."), code="no_value", field=key)
    with unit_of_work(ctx):
        alone_with(ctx.workspace.pk, info.key, key, fold(text))
        found = list(filtered(ctx, info, Test((key,), "is", text)).values_list("pk", flat=True)[:2])
        if len(found) > 1:
            raise Conflict(
                _("Several %(plural)s have this %(label)s; choose one and change it by its id.")
                % {"plural": info.plural, "label": field.label}
            )
        if not found:
            if not may_create:
                raise _not_met(_("There is no %(type)s with this %(label)s.") % _names(info, field))
            # What the address says holds unless the body says more of it (a second address, another spelling).
            return Put(door.create(ctx, info, {key: text, **values}), True)
        if not may_change:
            raise _not_met(_("%(type)s with this %(label)s is there already.") % _names(info, field, first=True))
        record = gate.get(ctx, info, found[0], "edit")
        if expected is not None and expected > record.version:
            raise _not_met(_("The record has changed since; read it again and decide anew."))
        return Put(door.write(ctx, record, values, expected_version=expected), False)


def _names(info: TypeInfo, field: Field, *, first: bool = False) -> dict[str, object]:
    return {"type": capital(info.label) if first else info.label, "label": field.label}


def _not_met(sentence: str) -> HttpProblem:
    return HttpProblem(412, sentence, code="stale")
