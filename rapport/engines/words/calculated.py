"""What makes the definition of a calculated field right."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from rapport.engines.words.definition import calculated_checks
from rapport.engines.words.formulas import SORTS
from rapport.engines.words.plan import Plan, every_field, guards, plan_of, ring, step_of
from rapport.kernel.access import gate
from rapport.kernel.custom.fields import known
from rapport.kernel.custom.models import CustomField
from rapport.kernel.errors import Invalid
from rapport.kernel.query.compile import compile_filter
from rapport.kernel.query.text import parse
from rapport.kernel.records.field import Field
from rapport.kernel.records.registry import TypeInfo, registry

if TYPE_CHECKING:
    from rapport.kernel.context import Context

#: Kinds that a calculated field may have.
KINDS = ("number", "money", "percent", "date", "text", "yesno")
_FITTING = {"number": ("number", "percent"), "money": ("money",), "date": ("date",), "text": ("text",), "yesno": ("yesno",)}


def check_calculated(ctx: Context, info: TypeInfo, wanted: CustomField) -> None:
    """It means something, gives what its kind holds, reads no ring, and mixes no field groups."""
    if wanted.kind not in KINDS:
        raise Invalid(_("A calculated field can be: %(kinds)s.") % {"kinds": ", ".join(KINDS)}, field="kind")
    if wanted.formula and wanted.roll_up:
        raise Invalid(_("A field has a formula or rolls up other records, not both."), field="formula")
    if wanted.roll_up:
        _check_roll_up(ctx, info, wanted)
    own = known(ctx.workspace.pk, ctx.workspace.schema_version)
    fields = every_field(own)
    step = step_of(wanted, fields)
    if step.formula is not None:
        seen = gate.fields(ctx, info)
        for name in step.formula.names:
            if name not in seen:
                raise Invalid(_("There is no field “%(key)s” that a formula could use.") % {"key": name[:60]}, field="formula")
        _check_kind(wanted, step.formula.sort)
    plan = plan_of(ctx.workspace)
    if ring(Plan({**plan.steps, step.mark: step}), step):
        raise Invalid(_("This field would be calculated from itself, through others; break the ring."), field="formula")
    groups, _types = guards(plan, fields, step)
    if len(groups) > 1:
        raise Invalid(
            _("It would mix the field groups %(groups)s; give its inputs one group.") % {"groups": ", ".join(sorted(groups))},
            field="formula",
        )


calculated_checks.append(check_calculated)


def _check_kind(wanted: CustomField, sort: str) -> None:
    if wanted.kind not in _FITTING[sort]:
        raise Invalid(
            _("The formula gives %(sort)s; choose a kind that holds it: %(kinds)s.")
            % {"sort": sort, "kinds": ", ".join(_FITTING[sort])},
            field="kind",
        )


def _check_roll_up(ctx: Context, info: TypeInfo, wanted: CustomField) -> None:
    if wanted.of_type not in registry:
        raise Invalid(_("There is no record type “%(key)s”.") % {"key": wanted.of_type[:60]}, field="of_type")
    child = registry.get(wanted.of_type)
    fields = gate.fields(ctx, child)
    by = fields.get(wanted.of_field)
    if by is None or not (by.to == info.key or by.kind.key == "anyref"):
        able = [f.key for f in fields.values() if f.to == info.key or f.kind.key == "anyref"]
        raise Invalid(
            _("Name the field of the %(plural)s that points here; there is: %(able)s.")
            % {"plural": child.plural, "able": ", ".join(able) or "–"},
            field="of_field",
        )
    _check_take(child, fields.get(wanted.take) if wanted.take else None, wanted)
    if wanted.matching:
        try:
            compile_filter(ctx, child, parse(wanted.matching))
        except Invalid as wrong:
            raise Invalid(wrong.sentence, field="matching") from wrong


def _check_take(child: TypeInfo, take: Field | None, wanted: CustomField) -> None:
    if wanted.roll_up == "count":
        _check_kind(wanted, "number")
        return
    sort = SORTS.get(take.kind.key) if take is not None and (take.source != "computed" or take.is_kept) else None
    fitting = ("number", "money") if wanted.roll_up == "sum" else tuple(SORTS.values())
    if sort is None or sort not in fitting or (take is not None and take.kind.key == "percent" and wanted.roll_up == "sum"):
        raise Invalid(_("Name a field of the %(plural)s that this can be made of.") % {"plural": child.plural}, field="take")
    _check_kind(wanted, sort)
