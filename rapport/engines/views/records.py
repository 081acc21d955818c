"""What a saved view means: checked against what its author sees, and opened to its audience by grants."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from rapport.engines.views.audience import open_to_audience
from rapport.engines.views.models import View
from rapport.kernel.access import gate
from rapport.kernel.errors import Invalid, Refused
from rapport.kernel.query.compile import compile_filter
from rapport.kernel.query.ordering import sort_keys
from rapport.kernel.query.text import parse
from rapport.kernel.records.declare import RecordType, Section, Use
from rapport.kernel.records.registry import TypeInfo, record_type, registry

if TYPE_CHECKING:
    from rapport.kernel.context import Context
    from rapport.kernel.records.model import Record

_OWN = "view:own create edit:own delete:own"


def check_view(ctx: Context, record: Record | None, values: dict[str, object]) -> None:
    """A view is about a real type, works for whoever saves it, and names a team when it is for one."""
    on_type = str(values.get("on_type", getattr(record, "on_type", "")))
    if on_type not in registry:
        raise Invalid(_t("There is no record type “%(key)s”.") % {"key": on_type[:60]}, field="on_type")
    _check_state(ctx, registry.get(on_type), values)
    audience = str(values.get("audience") or getattr(record, "audience", "") or "private")
    team = values["to_team"] if "to_team" in values else getattr(record, "to_team_id", None)
    if audience == "team" and team is None:
        raise Invalid(_t("Choose the team that may use this view."), field="to_team")
    if {"audience", "to_team", "others_may"} & set(values):
        _demand_share(ctx, record, audience)


def _demand_share(ctx: Context, record: Record | None, audience: str) -> None:
    """Opening a view to others, or changing for whom it is, is for those who may share it."""
    own = registry.get("view")
    if record is None and audience != "private" and not gate.allows(ctx, own, "share"):
        raise Refused(_t("Your role does not share views; save it for yourself, or ask the owner of the workspace."))
    if record is not None and not gate.may(ctx, own, record, "share"):
        raise Refused(_t("Only its owner decides who may use this view."))


def _check_state(ctx: Context, info: TypeInfo, values: dict[str, object]) -> None:
    """Filter, sort, columns and group, as far as they are given, against the fields that the author sees."""
    every = gate.fields(ctx, info)
    try:
        if values.get("matching"):
            compile_filter(ctx, info, parse(str(values["matching"])))
        sort_keys(ctx, info, str(values.get("sorting") or ""))
    except Invalid as wrong:
        raise Invalid(wrong.sentence, field="matching" if wrong.field == "filter" else "sorting") from wrong
    for key, asked in (("columns", str(values.get("columns") or "")), ("grouping", str(values.get("grouping") or ""))):
        unknown = next((one for one in asked.split(",") if one and one not in every), "")
        if unknown:
            raise Invalid(
                _t("%(type)s has no field “%(key)s”.") % {"type": str(info.label).capitalize(), "key": unknown[:60]},
                code="unknown_field", field=key,
            )  # fmt: skip


@record_type
class ViewType(RecordType):
    """The state of a list or board under a name."""

    model, key, title = View, "view", "name"
    uses = {
        "owner": Use(default="me"), "external_id": Use(hidden=True), "on_type": Use(fixed=True),
    }  # fmt: skip
    list_columns = ["name", "on_type", "layout", "audience", "owner", "updated_at"]
    page = [
        Section(_("View"), "name", "on_type", "layout", "matching", "sorting", "columns", "grouping"),
        Section(_("Who may use it"), "audience", "to_team", "others_may", "owner"),
    ]
    grants = {
        "management": _OWN, "sales": _OWN, "marketing": _OWN, "support": _OWN, "back_office": _OWN,
        "external": "view:own create edit:own delete:own share:none",
    }  # fmt: skip
    checks = (check_view,)
    effects = (open_to_audience,)
