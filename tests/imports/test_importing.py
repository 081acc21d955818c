"""What becomes of lines: created, recognised, changed, rejected with a reason, mended and brought in again."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from rapport.engines.exports.writing import export_rows
from rapport.engines.imports.models import ImportRun
from rapport.engines.imports.run import BATCH, Wish, import_file
from rapport.kernel.access import gate
from rapport.kernel.access.current import use_workspace
from rapport.kernel.access.models import Role, User
from rapport.kernel.errors import Invalid, RapportError, Refused
from rapport.kernel.query.read import read_page
from rapport.kernel.records.registry import registry
from tests.cast import Cast, hide_group
from tests.factory import make
from tests.imports.conftest import Importer, names


def rejected(path: Path | None) -> list[dict[str, str]]:
    """The lines of a file of rejected lines."""
    assert path is not None
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_columns_are_found_by_name(cast: Cast, bring: Importer) -> None:
    """Labels, keys, synonyms and near spellings; unknown ones are named."""
    report = bring(
        "Full Name,E-Mail,Telefon,Sector,Employes,Owner,Shoe size\n"
        'Fern Ltd,info@fern.example,01 555 0142,Retail,"1,200",Ben Moore,43\n'
    )
    row = read_page(cast.ctx("ana"), registry.get("customer")).rows[0]
    assert (row["name"], row["industry"], row["employees"]) == ("Fern Ltd", "Retail", 1200)
    assert row["emails"][0]["value"] == "info@fern.example" and row["phones"][0]["value"] == "+35315550142"
    assert row["owner"] == cast.ben.pk and row["team"] == cast.ben.team_id
    assert report.plans[0].unused == ["Shoe size"]


def test_twice_makes_no_doubles(cast: Cast, bring: Importer) -> None:
    """By e-mail when there is one, else by the whole line, also within one file."""
    people = "name,email,industry\nAnn,ann@x.example,A\nBob,bob@x.example,B\nAnn again,ANN@x.example,C\n"
    first = bring(people)
    assert (first.total.created, first.total.changed) == (2, 1)
    again = bring(people)
    assert again.total.created == 0 and len(names()) == 2
    plain = "name,industry\nCompany,x\nCompany,y\nCompany,x\n"
    assert bring(plain, name="plain.csv").total.created == 2
    assert bring(plain, name="plain.csv").total.created == 0
    record = registry.get("customer").model.objects.get(industry="y")
    cast.ctx("ana").delete(record)
    assert bring(plain + "\n", name="plain.csv").total.created == 1


@pytest.mark.parametrize(
    ("match", "line"),
    [
        ("email", "X,NEW@fern.example,01 999 9999,https://other.example,E9"), ("phone", "X,n@o.example,+353 1 555 0142,,E9"),
        ("domain", "X,somebody@fern.example,,,E9"), ("domain", "X,,,www.fern.example,E9"), ("external_id", "X,n@o.example,,,E1"),
        ("name", "fÉRN  ltd,n@o.example,,,E9"), ("phone,email", "X,new@fern.example,01 999 9999,,E9"),
    ],
)  # fmt: skip
def test_match_keys_recognise_a_record(cast: Cast, bring: Importer, match: str, line: str) -> None:
    """E-mail, phone, domain, external id and name, each in another spelling than the record's own."""
    cast.ctx("ana").create(
        "customer", name="Fern Ltd", emails="new@fern.example", phones="01 555 0142", website="fern.example", external_id="E1"
    )
    report = bring(f"name,emails,phones,website,external_id\n{line}\n", match=match)
    assert report.total.created == 0 and report.total.changed == 1 and len(names()) == 1


def test_several_records_with_one_key_are_told(cast: Cast, bring: Importer) -> None:
    for _n in range(2):
        cast.ctx("ana").create("customer", name="Twin")
    report = bring("name,industry\nTwin,x\n", match="name")
    assert "2 customers" in rejected(report.rejected)[0]["Why it was not imported"]


def test_empty_cells_never_empty_a_field(cast: Cast, bring: Importer) -> None:
    """And with `fill_only` what is there stays."""
    cast.ctx("ana").create("customer", name="Fern", industry="Old", note="kept")
    mapping = {"as": "customer", "columns": {"name": "name", "industry": "industry", "note": "note"}, "match": ["name"]}
    bring("name,industry,note\nFern,New,\n", mapping={**mapping, "fill_only": ["industry"]})
    record = registry.get("customer").model.objects.get()
    assert (record.industry, record.note) == ("Old", "kept")
    bring("name,industry,note\nFern,New,\n", mapping=mapping)
    assert registry.get("customer").model.objects.get().industry == "New"


@pytest.mark.parametrize(("mode", "expected"), [("create", (1, 0, 1)), ("update", (0, 1, 1)), ("both", (1, 1, 0))])
def test_modes(cast: Cast, bring: Importer, mode: str, expected: tuple[int, int, int]) -> None:
    cast.ctx("ana").create("customer", name="Known")
    total = bring("name,industry\nKnown,x\nNew,x\n", mapping={
        "as": "customer", "columns": {"name": "name", "industry": "industry"}, "match": ["name"], "mode": mode,
    }).total  # fmt: skip
    assert (total.created, total.changed, total.skipped) == expected


def test_rejected_lines_are_mended_and_brought_in(cast: Cast, bring: Importer, tmp_path: Path) -> None:
    """Each wrong line stands in the file beside the input with every reason; mended, that file goes in the same way."""
    content = (
        "name,email,birthday,owner,kind\nAnn,ann@x.example,1990-02-28,Ben Moore,Person\n"
        "Bob,bob-at-x,31.02.1990,Nobody Known,Robot\n,no@name.example,,,\n=Eve,eve@x.example,1.1.1980,Ben Moore,Person\n"
    )
    report = bring(content)
    assert names() == ["=Eve", "Ann"] and report.total.rejected == 2
    lines = rejected(report.rejected)
    why = lines[0]["Why it was not imported"]
    assert why.startswith("Line 3") and all(word in why for word in ("bob-at-x", "31 February", "Nobody Known", "Robot"))
    assert "Name is needed" in lines[1]["Why it was not imported"]
    mended = report.rejected.read_text(encoding="utf-8-sig")  # type: ignore[union-attr]
    mended = mended.replace("bob-at-x", "bob@x.example").replace("31.02.1990", "28.02.1990")
    mended = mended.replace("Nobody Known", "Cem Aydin").replace("Robot", "Person")
    again = bring(mended, name="file.rejected.csv")
    assert again.total.created == 1 and again.rejected == tmp_path / "file.rejected-2.csv"
    assert names() == ["=Eve", "Ann", "Bob"]


def test_missing_references_are_created_when_asked(cast: Cast, bring: Importer) -> None:
    """Owners become users without an account, parents become companies; otherwise each line says what is missing."""
    columns = {"name": "name", "owner": "owner", "parent": "parent"}
    text = "name,owner,parent\nChild,Zoe New,Mother\nOther,zoe@z.example,Mother\n"
    assert bring(text, mapping={"as": "customer", "columns": columns}).total.rejected == 2
    report = bring(text, mapping={"as": "customer", "columns": columns, "create_missing": {"owner": True, "parent": True}})
    assert report.total.created == 2 and report.total.extra == 3
    assert {"Zoe New", "zoe"} <= set(names("user"))
    zoe = User.objects.get(name="Zoe New")
    assert zoe.account is None and zoe.role is None
    assert registry.get("customer").model.objects.get(name="Child").parent.name == "Mother"


def test_deals_come_in_closed(cast: Cast, bring: Importer) -> None:
    """A won deal is created in its stage with its day of closing; a later run cannot move it past its actions."""
    text = 'name,stage,closed_on,amount,external_id\nRoof,Won,2025-03-01,"1,234 EUR",D1\n'
    assert bring(text, "deal").total.created == 1
    deal = registry.get("deal").model.objects.get()
    assert deal.stage.outcome == "won" and str(deal.closed_on) == "2025-03-01"
    report = bring(text.replace("Won", "Lost"), "deal")
    assert "action" in rejected(report.rejected)[0]["Why it was not imported"]
    assert bring(text + "\n", "deal").total.unchanged == 1


def test_an_export_comes_back_unchanged(cast: Cast, bring: Importer) -> None:
    """Every field of a customer goes out as CSV and in again by its id, formulas in cells included."""
    ctx = cast.ctx("ana")
    ctx.create("customer", name="=HYPERLINK(1)", emails=["work: a@x.example", "b@y.example"], phones="01 555 0142", tags=["a", "b"],
               addresses="1 Quay | D01 | Dublin | | IE", turnover="-12.50", note="-two\nlines", birthday="2000-02-29")  # fmt: skip
    make(ctx, "customer", name="'=quoted")
    exported = b"".join(export_rows(ctx, registry.get("customer")))
    assert b"'=HYPERLINK(1)" in exported and b"''=quoted" in exported and b",-12.50 EUR," in exported
    before = {r.pk: r.version for r in registry.get("customer").model.objects.all()}
    fields = [f for f in gate.fields(ctx, registry.get("customer"), edit=True).values() if f.settable(creating=True)]
    columns = {"id": "id", **{f.key: f.key for f in fields}}
    report = bring(exported, mapping={"as": "customer", "columns": columns})
    assert report.total.unchanged == 2 and report.total.rejected == 0, rejected(report.rejected)
    assert {r.pk: r.version for r in registry.get("customer").model.objects.all()} == before


# -- rights -----------------------------------------------------------------------------------------------------------


def test_without_the_right_nothing_is_imported(cast: Cast, bring: Importer) -> None:
    role = Role.objects.get(key="sales")
    rights = {**role.rights, "customer": {k: v for k, v in role.rights["customer"].items() if k != "import"}}
    Role.objects.filter(pk=role.pk).update(rights=rights)
    with pytest.raises(Refused, match="import"):
        bring("name\nFern\n", who="ben")
    with pytest.raises(Refused):
        bring("name\nEvil\n", "user", who="ben")


def test_the_scope_of_import_holds(cast: Cast, bring: Importer) -> None:
    """Sales imports records of its own only: a line for somebody else is rejected, the others go in."""
    report = bring("name,owner\nMine,Ben Moore\nTheirs,Cem Aydin\nAlso mine,\n", who="ben")
    assert names() == ["Also mine", "Mine"]
    assert len(rejected(report.rejected)) == 1 and "own" in rejected(report.rejected)[0]["Why it was not imported"]


def test_hidden_columns_are_refused(cast: Cast, bring: Importer) -> None:
    """Mapping to a hidden field reads like mapping to none."""
    hide_group(cast, "sales", "customers.figures")
    for key in ("turnover", "nothing", "created_at", "workspace"):
        with pytest.raises(Invalid, match=f"no field “{key}”|cannot be imported"):
            bring("name,x\nFern,1\n", who="ben", mapping={"as": "customer", "columns": {"name": "name", "x": key}})


def test_another_workspace_is_not_there(cast: Cast, bring: Importer) -> None:
    """Neither as a reference nor by id nor as a match."""
    with use_workspace(cast.away):
        foreign = make(cast.ctx("dea"), "customer", name="Foreign", external_id="F1", emails="f@foreign.example")
    columns = {"id": "id", "name": "name", "parent": "parent"}
    report = bring(f"id,name,parent\n,A,{foreign.pk}\n{foreign.pk},B,\n,C,Foreign\n", mapping={"as": "customer", "columns": columns})
    assert report.total.rejected == 3 and names() == []
    for match in ("name", "email", "external_id"):
        bring("name,emails,external_id\nForeign,f@foreign.example,F1\n", match=match)
    assert names() == ["Foreign"]
    with use_workspace(cast.away):
        assert gate.get(cast.ctx("dea"), registry.get("customer"), foreign.pk).version == 1


def test_a_strangers_record_is_not_changed(cast: Cast, bring: Importer) -> None:
    """Ben cannot reach Cem's customer by any key; he gets a record of his own."""
    theirs = make(cast.ctx("cem"), "customer", name="Cem's", emails="c@cem.example")
    report = bring("name,emails\nTaken,c@cem.example\n", who="ben", match="email")
    assert report.total.created == 1 and registry.get("customer").model.objects.get(pk=theirs.pk).version == 1
    report = bring(f"id,name\n{theirs.pk},Taken\n", who="ben", name="by_id.csv")
    assert report.total.rejected == 1


# -- the run ----------------------------------------------------------------------------------------------------------


def test_a_dry_run_keeps_nothing_but_tells_all(cast: Cast, bring: Importer) -> None:
    report = bring("name,birthday\nA,1.1.2000\nB,never\n", dry_run=True)
    assert report.total.created == 1 and report.total.rejected == 1 and names() == []
    assert not ImportRun.objects.exists() and len(rejected(report.rejected)) == 1


def test_a_stopped_run_goes_on_where_it_was(cast: Cast, tmp_path: Path) -> None:
    """Stopped after the first batch, it is taken up after that line; the file of rejected lines has each line once."""
    path = tmp_path / "many.csv"
    path.write_text("name,birthday\n" + "".join(f"N{n},{'never' if n % 500 == 0 else ''}\n" for n in range(4000)))
    ctx = cast.ctx("ana", "cli")
    first = import_file(ctx, Wish(path, type="customer"), lambda progress: False)
    assert first.stopped and first.total.lines == BATCH
    second = import_file(ctx, Wish(path, type="customer"))
    assert second.resumed_after == BATCH + 1 and second.total.lines == 4000
    assert len(names()) == 3992 and len(rejected(second.rejected)) == 8
    assert import_file(ctx, Wish(path, type="customer")).total.created == 0


def test_a_mapping_is_checked_before_anything_is_written(cast: Cast, bring: Importer) -> None:
    """Wrong keys, columns, fields, units, filters and types: a sentence each."""
    good = {"as": "customer", "columns": {"name": "name"}}
    wrong: list[tuple[dict[str, object], str]] = [
        ({"as": "nothing", "columns": {"name": "name"}}, "record type"), ({"columns": {"name": "name"}}, "“as”"), ({**good, "colour": 1}, "colour"),
        ({**good, "columns": {"nome": "name"}}, "no column “nome”"), ({**good, "columns": {}}, "no column"), ({**good, "match": ["emails"]}, "emails"),
        ({**good, "template": {"note": "{nothing}"}}, "nothing"), ({**good, "units": {"name": "x"}}, "unit"), ({**good, "mode": "x"}, "mode"),
        ({**good, "currency": "XXXX"}, "currency"), ({**good, "steps": []}, "steps"), ({**good, "columns": [1]}, "object"), ({**good, "set": {"x": 1}}, "x"),
        ({**good, "before": [{"create": "team"}]}, "before"), ({**good, "custom_fields": [{"key": "a"}]}, "custom field"), ({**good, "only": {"parent": "((("}}, "."),
    ]  # fmt: skip
    for mapping, word in wrong:
        with pytest.raises(RapportError, match=word):
            bring("name\nFern\n", mapping={**mapping})
    assert names() == []
