"""What goes out comes back in: a record with a field of every kind, exported and imported again, is the same."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from rapport.engines.exports.writing import export_rows
from rapport.engines.imports.run import Wish, import_file
from rapport.kernel.access import gate
from rapport.kernel.errors import Invalid
from rapport.kernel.kinds.base import all_kinds
from rapport.kernel.query.read import read_page
from rapport.kernel.query.text import parse
from rapport.kernel.records.registry import registry
from tests.cast import Cast
from tests.kernel.kind_cases import RAW

#: Kinds whose values belong to the installation (people, records, stored bytes), and are no text of their own.
_NOT_DRAWN = {"reference", "user", "team", "anyref", "file", "rights"}


@pytest.mark.parametrize("form", ["csv", "jsonl"])
@settings(
    max_examples=4, deadline=None, phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)  # fmt: skip
@given(data=st.data())
def test_every_kind_survives_export_and_import(cast: Cast, tmp_path: Path, form: str, data: st.DataObject) -> None:
    """Text with signs and line ends, numbers, money, days, times, lists with labels, choices, tags."""
    ctx = cast.ctx("ana")
    info = registry.get("customer")
    keys = _fields_of_every_kind(cast)
    fields = gate.fields(ctx, info)
    values: dict[str, object] = {}
    for key in [*keys, "emails", "phones", "addresses", "website", "birthday", "turnover", "note", "tags", "industry"]:
        kind = fields[key].kind
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
    text = path.read_text(encoding="utf-8-sig")
    path.write_text(text.replace(str(record.pk), ""), encoding="utf-8")
    report = import_file(ctx, Wish(path, type="customer"))
    assert report.total.created == 1, report.rejected and report.rejected.read_text()
    after = read_page(ctx, info, where=where).rows[0]
    # The next one may have the same address of e-mail, and would be taken for this one.
    ctx.delete(info.model.objects.get(pk=after.id))
    assert {key: after[key] for key in wanted} == {key: before[key] for key in wanted}


def _fields_of_every_kind(cast: Cast) -> list[str]:
    """A custom field of every kind that may be one, on customers; made once."""
    ctx = cast.ctx("ana")
    there = set(registry.get("custom_field").model.objects.filter(deleted_at=None).values_list("key", flat=True))
    found = []
    for kind in sorted(set(all_kinds()) - _NOT_DRAWN):
        key = f"c_k_{kind}"
        if key not in there:
            try:
                ctx.create("custom_field", on_type="customer", key=key, label=f"Of {kind}", kind=kind, choices="New\nWon\nLost")
            except Invalid:
                continue
        found.append(key)
    return [key for key in found if key in gate.fields(cast.ctx("ana"), registry.get("customer"))]
