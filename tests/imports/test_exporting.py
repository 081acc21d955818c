"""Exports: the rights of the viewer, formulas disarmed, both formats, and a page at a time."""

from __future__ import annotations

import csv
import io

import orjson
import pytest

from rapport.engines.exports.formulas import defended, undefended
from rapport.engines.exports.writing import export_rows
from rapport.kernel.access.current import no_workspace
from rapport.kernel.access.models import Role
from rapport.kernel.errors import Invalid, Refused
from rapport.kernel.query import read
from rapport.kernel.query.text import parse
from rapport.kernel.records.registry import TypeInfo, registry
from tests.cast import Cast, hide_group
from tests.factory import make

FORMULAS = [
    "=1+1", "+1+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", " =1", "  +cmd|' /C calc'!A0", "＝1+1", "＋1", "－1", "＠x", "'=1", "''=1",
    "=HYPERLINK(\"http://x\")", "-2+3+cmd|' /C calc'!A0", "+", "-", "=", "\xa0=1",
]  # fmt: skip
PLAIN = ["a=1", "1+1", "-5", "+353 1 555 0142", "(01) 555", "'tis", "x@y.example", "", "–dash", "1990-01-01"]


def text_of(*args: object, **kwargs: object) -> str:
    """A whole export."""
    return b"".join(export_rows(*args, **kwargs)).decode()  # type: ignore[arg-type]


@pytest.fixture(params=[info.key for info in registry.all()])
def info(request: pytest.FixtureRequest) -> TypeInfo:
    """Each registered type in turn."""
    return registry.get(request.param)


@pytest.mark.once
@pytest.mark.parametrize("text", [*FORMULAS, *PLAIN])
def test_formulas_are_disarmed_and_nothing_is_lost(text: str) -> None:
    shown = defended(text)
    assert undefended(shown) == text
    assert shown == text if text in PLAIN else shown == "'" + text


def test_every_type_goes_out_in_both_formats(cast: Cast, info: TypeInfo) -> None:
    """One line per record, every visible field, the ids of the API."""
    ctx = cast.ctx("ana")
    record = make(ctx, info.key)
    rows = list(csv.DictReader(io.StringIO(text_of(ctx, info))))
    assert str(record.pk) in {row["id"] for row in rows} and set(rows[0]) == {"id", *info.fields}
    lines = [orjson.loads(line) for line in text_of(ctx, info, None, None, "jsonl").splitlines()]
    assert {line["id"] for line in lines} == {row["id"] for row in rows}
    labelled = text_of(ctx, info, labels=True, mark=True)
    assert labelled.startswith("\ufeffid,")


def test_many_pages_and_a_filter(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """More than one page goes out whole, in the order asked for."""
    monkeypatch.setattr(read, "EXPORTED", 200)
    ctx = cast.ctx("ana")
    ctx.create_many("customer", [{"name": f"N{n:03}", "industry": "x" if n % 2 else "y"} for n in range(250)])
    rows = list(csv.DictReader(io.StringIO(text_of(ctx, registry.get("customer"), None, ["name"], sort="-name"))))
    assert [row["name"] for row in rows] == [f"N{n:03}" for n in reversed(range(250))]
    some = text_of(ctx, registry.get("customer"), parse("industry is x"), ["name"], "jsonl")
    assert len(some.splitlines()) == 250 // 2


def test_a_stream_is_read_after_the_request(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """The chunks are made when the server sends them, outside of the workspace that the request had entered."""
    monkeypatch.setattr(read, "EXPORTED", 200)
    ctx = cast.ctx("ana")
    ctx.create_many("customer", [{"name": f"N{n:03}"} for n in range(205)])
    chunks = export_rows(ctx, registry.get("customer"))
    with no_workspace():
        assert b"".join(chunks).count(b"\r\n") == 206


def test_export_is_a_right_of_its_own(cast: Cast) -> None:
    """Its scope may be narrower than that of seeing; without it nothing goes out; wrong words are refused at once."""
    role = Role.objects.get(key="sales")
    rights = {**role.rights, "customer": {**role.rights["customer"], "view": "all", "export": "own"}}
    Role.objects.filter(pk=role.pk).update(rights=rights)
    make(cast.ctx("cem"), "customer", name="Theirs")
    make(cast.ctx("ben"), "customer", name="Mine")
    text = text_of(cast.ctx("ben"), registry.get("customer"), None, ["name"])
    assert "Mine" in text and "Theirs" not in text
    del rights["customer"]["export"]
    Role.objects.filter(pk=role.pk).update(rights=rights)
    with pytest.raises(Refused):
        export_rows(cast.ctx("ben"), registry.get("customer"))
    for wrong in ({"fields": ["nothing"]}, {"where": parse("nothing is 1")}, {"sort": "note"}, {"format": "xml"}):
        with pytest.raises(Invalid):
            export_rows(cast.ctx("ana"), registry.get("customer"), **wrong)  # type: ignore[arg-type]


def test_hidden_fields_stay_inside(cast: Cast) -> None:
    """Neither the amount nor what is calculated from it leaves, and it cannot be asked for or filtered by."""
    hide_group(cast, "sales", "sales.amounts")
    stage = registry.get("stage").model.objects.first()
    cast.system.create("deal", name="Roof", stage=stage.pk, amount="987654.12", owner=cast.ben.pk)
    for format in ("csv", "jsonl"):
        text = text_of(cast.ctx("ben"), registry.get("deal"), None, None, format)
        assert "Roof" in text and "98765" not in text and "amount" not in text and "weighted" not in text
    with pytest.raises(Invalid):
        export_rows(cast.ctx("ben"), registry.get("deal"), None, ["amount"])


def test_titles_of_invisible_records_stay_inside(cast: Cast) -> None:
    """A reference to a record the viewer may not see is told as such, without its name."""
    company = make(cast.ctx("cem"), "customer", name="Secret Company")
    mine = make(cast.ctx("ben"), "customer", name="Mine")
    cast.system.write(mine, parent=company.pk)
    text = text_of(cast.ctx("ben"), registry.get("customer"), None, ["name", "parent"])
    assert "Mine" in text and "Secret" not in text
