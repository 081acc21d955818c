"""An export holds what its viewer may export, nothing a spreadsheet would run, and reads back as it was."""

from __future__ import annotations

import csv
import io
import json

import pytest

from rapport.engines.exports.writing import export_rows
from rapport.kernel.access.models import Role
from rapport.kernel.context import Context
from rapport.kernel.errors import Invalid, Refused
from rapport.kernel.query.text import parse
from rapport.kernel.records.registry import registry
from tests.cast import Cast, first_stage_id
from tests.factory import make

TYPES = [info.key for info in registry.all()]


def _table(ctx: Context, type_key: str, **more: object) -> list[dict[str, str]]:
    text = b"".join(export_rows(ctx, registry.get(type_key), **more)).decode()  # type: ignore[arg-type]
    return list(csv.DictReader(io.StringIO(text, newline="")))


@pytest.mark.parametrize("type_key", TYPES)
def test_every_type_exports_in_both_forms(cast: Cast, type_key: str) -> None:
    """One line per record, in pages that go on to the end."""
    ctx = cast.ctx("ana")
    make(ctx, type_key)
    rows = _table(ctx, type_key)
    lines = b"".join(export_rows(ctx, registry.get(type_key), format="jsonl")).splitlines()
    assert len(rows) == len(lines) > 0
    assert all(json.loads(line)["id"] for line in lines)


def test_more_than_a_page_comes_whole(cast: Cast) -> None:
    """450 customers are 450 lines, sorted as asked."""
    cast.system.create_many("customer", [{"name": f"N{n:03d}"} for n in range(450)])
    rows = _table(cast.ctx("ana"), "customer", sort="-name", fields=["name"])
    assert [r["name"] for r in rows] == [f"N{n:03d}" for n in reversed(range(450))]


def test_an_export_shows_no_more_than_the_screen(cast: Cast) -> None:
    """Cem's customer, its name behind a reference, and a hidden amount are not in Ben's file."""
    theirs = cast.system.create("customer", name="Zanzibar", owner=cast.cem.pk)
    cast.system.create("deal", name="Mine", owner=cast.ben.pk, customer=theirs.pk, stage=first_stage_id(), amount="7391")
    role = Role.objects.get(key="sales")
    rights = {k: {**v, "export": "team"} for k, v in role.rights.items()}
    Role.objects.filter(pk=role.pk).update(field_groups={}, rights=rights)
    ctx = cast.ctx("ben")
    assert _table(ctx, "customer") == []
    rows = _table(ctx, "deal")
    assert [r["name"] for r in rows] == ["Mine"] and rows[0]["customer"] == "" and "amount" not in rows[0]
    assert "7391" not in str(rows) and "Zanzibar" not in str(rows)
    with pytest.raises(Invalid, match="no field"):
        _table(ctx, "deal", fields=["name", "amount"])
    with pytest.raises(Invalid, match="no field"):
        _table(ctx, "deal", where=parse("amount > 1"))


def test_exporting_is_a_right_of_its_own(cast: Cast) -> None:
    """Seeing is not enough."""
    role = Role.objects.get(key="sales")
    rights = {**role.rights, "customer": {**role.rights["customer"], "export": "none"}}
    Role.objects.filter(pk=role.pk).update(rights=rights)
    with pytest.raises(Refused):
        _table(cast.ctx("ben"), "customer")
    assert cast.client("ben").get("/customer/export.csv").status_code == 403
    assert cast.client("ana").get("/customer/export.csv").status_code == 200


@pytest.mark.parametrize("name", ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", " =1+1", "＝1+1", "'=1+1"])
def test_no_cell_is_a_formula(cast: Cast, name: str) -> None:
    """A spreadsheet shows what was typed; an import takes the mark off again."""
    from rapport.engines.exports.formulas import undefended

    ctx = cast.ctx("ana")
    ctx.create("customer", name=name)
    cell = _table(ctx, "customer", fields=["name"])[0]["name"]
    assert cell.startswith("'") and undefended(cell) == name.strip()


def test_the_web_streams_the_view_that_is_shown(cast: Cast) -> None:
    """Filter and columns of the address hold for the file."""
    cast.system.create("customer", name="Aldersley")
    cast.system.create("customer", name="Other")
    answer = cast.client("ana").get("/customer/export.csv?filter=name contains alder&columns=name,stage")
    text = b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]
    assert [line.split(",")[1:] for line in text.splitlines()] == [["name", "lifecycle stage"], ["Aldersley", "Prospect"]]
