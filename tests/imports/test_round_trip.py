"""What goes out comes back in: a record with a field of every kind, exported and imported again, is the same."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from rapport.engines.exports.writing import export_rows
from rapport.engines.imports.mapping import mapping_of
from rapport.engines.imports.run import Wish, import_file
from rapport.kernel.access import gate
from rapport.kernel.errors import Invalid
from rapport.kernel.kinds.base import all_kinds
from rapport.kernel.query.read import read_page
from rapport.kernel.query.text import parse
from rapport.kernel.records.registry import registry
from tests.cast import Cast
from tests.kernel.kind_cases import RAW

#: Kinds that no field of one's own has, and stored bytes, which an export names and does not hold.
_NOT_DRAWN = {"anyref", "file", "rights"}
#: Kinds whose values are records of the workspace.
_REFERS = ("reference", "user", "team")


@pytest.mark.parametrize("form", ["csv", "jsonl", "xlsx"])
@settings(
    max_examples=4, deadline=None, phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)  # fmt: skip
@given(data=st.data())
def test_every_kind_survives_export_and_import(cast: Cast, tmp_path: Path, form: str, data: st.DataObject) -> None:
    """Text with signs and line ends, numbers, money, days, times, lists with labels, choices, tags."""
    ctx = cast.ctx("ana")
    info = registry.get("customer")
    if not _there("customer"):
        for odd in ("=SUM(A1)", "O’Brien; Sons, “Ltd”", "0012"):
            ctx.create("customer", name=odd)
    keys = _fields_of_every_kind(cast)
    fields = gate.fields(ctx, info)
    values: dict[str, object] = {}
    for key in [*keys, "emails", "phones", "addresses", "website", "birthday", "turnover", "note", "tags", "industry"]:
        kind = fields[key].kind
        if kind.key in _REFERS:
            values[key] = data.draw(st.sampled_from(_there(fields[key].to)), label=key)
            continue
        if kind.key not in RAW:
            continue
        try:
            value = kind.clean(data.draw(RAW[kind.key], label=key), ctx.cleaning())
        except Invalid:
            continue
        if not kind.blank(value):
            values[key] = value
    name = f"Round {uuid4().hex}"
    try:
        record = ctx.create("customer", name=name, **values)
    except Invalid:
        return
    wanted = ["name", *values]
    where = parse(f'name is "{name}"')
    before = read_page(ctx, info, where=where).rows[0]
    path = tmp_path / f"{uuid4().hex}.{form}"
    path.write_bytes(b"".join(export_rows(ctx, info, where, wanted, form)))
    ctx.delete(record)
    plan = {"as": "customer", "columns": {key: key for key in wanted}} if form == "xlsx" else None
    if plan is None:
        # Without the id of the one that is in the bin; columns are found by their headings.
        text = path.read_text(encoding="utf-8-sig")
        path.write_text(text.replace(str(record.pk), ""), encoding="utf-8")
    report = import_file(ctx, Wish(path, type="customer", mapping=mapping_of(plan) if plan else None))
    assert report.total.created == 1, report.rejected and report.rejected.read_text()
    after = read_page(ctx, info, where=where).rows[0]
    # The next one may have the same address of e-mail, and would be taken for this one.
    ctx.delete(info.model.objects.get(pk=after.id))
    assert {key: (before[key], after[key]) for key in wanted if before[key] != after[key]} == {}


def _there(type_key: str) -> list[UUID]:
    """Records that a reference may point at: made once, with names that a spreadsheet could misread."""
    rows = registry.get(type_key).model.objects.filter(deleted_at=None)
    return list(rows.exclude(title_key__startswith="round ").order_by("pk").values_list("pk", flat=True))


def _fields_of_every_kind(cast: Cast) -> list[str]:
    """A custom field of every kind that may be one, on customers; made once."""
    ctx = cast.ctx("ana")
    there = set(registry.get("custom_field").model.objects.filter(deleted_at=None).values_list("key", flat=True))
    found = []
    for kind in sorted(set(all_kinds()) - _NOT_DRAWN):
        key = f"c_k_{kind}"
        if key not in there:
            try:
                to = "customer" if kind == "reference" else ""
                ctx.create("custom_field", on_type="customer", key=key, label=f"Of {kind}", kind=kind, choices="New\nWon\nLost",
                           to_type=to)  # fmt: skip
            except Invalid:
                continue
        found.append(key)
    return [key for key in found if key in gate.fields(cast.ctx("ana"), registry.get("customer"))]


def test_a_quotation_mark_before_an_at_sign_is_no_mark_against_formulas_in_json(cast: Cast, tmp_path: Path) -> None:
    """Only tables that spreadsheets open are marked, so that only there a mark is taken away."""
    ctx, path = cast.ctx("ana"), tmp_path / "in.jsonl"
    path.write_text('{"name": "\'@Home Ltd"}\n', encoding="utf-8")
    assert import_file(ctx, Wish(path, "customer")).total.created == 1
    assert registry.get("customer").model.objects.filter(workspace_id=ctx.workspace.pk, name="'@Home Ltd").exists()
