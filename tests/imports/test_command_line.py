"""The options of `rapport import`: plans, sheets, matching, dry runs, going on, taking back. What becomes of records is told
elsewhere; here each option does what it says."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from rapport.engines.imports.models import ImportRun
from rapport.engines.imports.table import Table
from rapport.kernel.access.models import Account
from rapport.kernel.errors import Invalid
from rapport.surfaces.cli import import_command
from rapport.surfaces.cli.failures import CommandFailed
from tests.cast import Cast
from tests.imports.conftest import names
from tests.imports.office_files import xls

Run = Callable[..., str]
PLAN = {"as": "customer", "columns": {"Firm": "name", "Branch": "industry"}, "match": ["name"], "set": {"kind": "company"}}


@pytest.fixture
def rapport(cast: Cast, capsys: pytest.CaptureFixture[str]) -> Run:
    """`rapport import …` as Ana; what it printed."""

    def run(*words: object) -> str:
        parser = argparse.ArgumentParser()
        import_command.add_arguments(parser)
        email = Account.objects.get(pk=cast.ana.account_id).email
        assert import_command.run(parser.parse_args([*map(str, words), "--user", email])) == 0
        return "".join(capsys.readouterr())

    return run


def the_run() -> ImportRun:
    return ImportRun.objects.latest("started_at")


def test_a_plan_and_a_sheet(rapport: Run, tmp_path: Path) -> None:
    """--plan says what the columns mean, --sheet which one is read; --dry-run keeps nothing."""
    book, plan = tmp_path / "book.xls", tmp_path / "plan.json"
    book.write_bytes(xls({"Notes": [["Nothing"]], "Firms": [["Firm", "Branch"], ["Fern", "Wood"], ["Oak", ""]]}))
    plan.write_text(json.dumps(PLAN))
    assert "2 created" in (told := rapport(book, "--plan", plan, "--sheet", "Firms", "--dry-run")) and "dry run" in told
    assert names() == [] and not ImportRun.objects.exists()
    assert "2 created" in rapport(book, "--plan", plan, "--sheet", "Firms") and names() == ["Fern", "Oak"]
    assert "2 unchanged" in rapport(book, "--map", plan, "--sheet", "Firms")
    with pytest.raises(Invalid, match="no sheet"):
        rapport(book, "--plan", plan, "--sheet", "Nowhere")
    with pytest.raises(CommandFailed, match="makes customer"):
        rapport(book, "--plan", plan, "--as", "deal")


def test_how_the_file_is_read(rapport: Run, tmp_path: Path) -> None:
    """--encoding, --delimiter and --no-header go before what is found out; --match says what is recognised."""
    file, plan = tmp_path / "x.csv", tmp_path / "plan.json"
    file.write_bytes("Łódź Wood|Ąb\n".encode("cp1250"))
    plan.write_text(json.dumps({"as": "customer", "columns": {"column 1": "name", "column 2": "industry"}}))
    rapport(file, "--plan", plan, "--encoding", "cp1250", "--delimiter", "|", "--no-header")
    assert names() == ["Łódź Wood"]
    other = tmp_path / "y.csv"
    other.write_text("name\tindustry\nŁódź Wood\tNew\nElm\t\n")
    assert "1 created, 1 changed" in rapport(other, "--as", "customer", "--match", "name", "--delimiter", "\\t")
    with pytest.raises(CommandFailed, match="one sign"):
        rapport(other, "--as", "customer", "--delimiter", ";;")


def test_going_on_only_with_what_broke_off(rapport: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """--resume begins nothing anew; a run that broke off goes on after its last batch."""
    from rapport.engines.imports import passes

    monkeypatch.setattr(passes, "BATCH", 2)
    file = tmp_path / "x.csv"
    file.write_text("name\nA\nB\nC\nD\n")
    with pytest.raises(Invalid, match="no broken-off import"):
        rapport(file, "--as", "customer", "--resume")
    lines, broken = Table.lines, []

    def break_off(self: Table) -> object:
        for line in lines(self):
            if line.number == 5 and not broken:
                broken.append(line)
                raise KeyboardInterrupt
            yield line

    from rapport.engines.imports.reader import CsvTable

    lines = CsvTable.lines
    monkeypatch.setattr(CsvTable, "lines", break_off)
    with pytest.raises(KeyboardInterrupt):
        # The first look reads the file, too; a mapping makes one needless.
        plan = tmp_path / "plan.json"
        plan.write_text(json.dumps({"as": "customer", "columns": {"name": "name"}}))
        rapport(file, "--plan", plan)
    assert names() == ["A", "B"] and the_run().state == "stopped"
    assert "Went on after line 3" in rapport(file, "--plan", tmp_path / "plan.json", "--resume") and names() == ["A", "B", "C", "D"]


def test_taking_back(rapport: Run, cast: Cast, tmp_path: Path) -> None:
    """--revert tells first with --dry-run, then does it; what was changed since stays, and goes with --force."""
    file = tmp_path / "x.csv"
    file.write_text("name\nA\nB\n")
    assert "--revert" in rapport(file, "--as", "customer")
    from rapport.kernel.records.registry import registry

    cast.ctx("ana").write(registry.get("customer").model.objects.get(name="B"), note="seen")
    told = rapport("--revert", the_run().pk, "--dry-run")
    assert "1 would go into the bin" in told and "1 would be left alone" in told and names() == ["A", "B"]
    assert "1 into the bin" in (told := rapport("--revert", the_run().pk)) and "Left alone: b" in told and names() == ["B"]
    assert "1 into the bin" in rapport("--revert", the_run().pk, "--force") and names() == []
