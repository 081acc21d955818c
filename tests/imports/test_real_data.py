"""The real data of a hardware seller through the command line: every account, agent and deal, and the known totals."""

from __future__ import annotations

import csv
import io
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from tests.platform.ready_made import Ready

pytestmark = [pytest.mark.slow, pytest.mark.process]
ROOT = Path(__file__).resolve().parent.parent.parent
EXAMPLES = ROOT / "examples" / "crm-sales-opportunities"
SHARED = Path(os.environ.get("RAPPORT_SHARED") or ROOT.parent / "shared") / "data" / "crm-sales-opportunities"
if not SHARED.is_dir() and os.environ.get("CI") != "true":
    pytest.skip(f"The real input is not at {SHARED}; set RAPPORT_SHARED.", allow_module_level=True)

TOTALS = {"won": 4238, "lost": 2473, "engaging": 1589, "prospecting": 500}


class Installation:
    """A Rapport of its own on SQLite, driven by its command line."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        keep = {k: v for k, v in os.environ.items() if not k.startswith(("RAPPORT_", "DATABASE_URL", "DJANGO_"))}
        self.environment = {**keep, "RAPPORT_DATA": str(folder / "data"), "PYTHONPATH": str(ROOT)}

    def run(self, *words: str, typed: str = "", code: int = 0) -> str:
        """Run one command and return what it printed."""
        done = subprocess.run(
            [sys.executable, "-m", "rapport", *words], input=typed, env=self.environment, cwd=self.folder,
            capture_output=True, text=True, check=False, timeout=300,
        )  # fmt: skip
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr if code else done.stdout

    def rows(self, type_key: str, fields: str, filter: str = "") -> list[dict[str, str]]:
        """Exported rows as a spreadsheet would read them."""
        return list(csv.DictReader(io.StringIO(self.run("export", type_key, "--fields", fields, "--filter", filter))))

    def deals(self) -> list[dict[str, object]]:
        """Every deal in the API's shape."""
        return [orjson.loads(line) for line in self.run("export", "deal", "--format", "jsonl").splitlines()]

    def bring_in(self) -> str:
        """Import all three files."""
        return "".join(
            self.run("import", str(SHARED / f"{name}.csv"), "--map", str(EXAMPLES / f"{name}.json"))
            for name in ("sales_teams", "accounts", "sales_pipeline")
        )


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory, ready: Ready) -> Iterator[Installation]:
    """A workspace in dollars with the three files imported."""
    rapport = Installation(tmp_path_factory.mktemp("hardware"))
    ready.database(rapport.folder / "data" / "rapport.sqlite3")
    rapport.run(
        "setup", "--workspace", "Hardware", "--name", "Ann Owner", "--email", "ann@example.com", "--password-stdin",
        "--currency", "USD", "--country", "US", typed="correct horse battery staple\n",
    )  # fmt: skip
    told = rapport.bring_in()
    assert "rejected" not in told
    yield rapport


def test_every_deal_is_there_in_its_stage(filled: Installation) -> None:
    """8,800 deals: won, lost, engaging and prospecting as in the file, worth what the file says."""
    rows = filled.rows("deal", "stage,amount,closed_on,opened_on,c_product,customer")
    found = Counter(row["stage"].lower() for row in rows)
    assert found == TOTALS
    won = [row for row in rows if row["stage"] == "Won"]
    assert sum(float(row["amount"].split()[0]) for row in won) == 10_005_534
    assert all(row["amount"].endswith(" USD") and row["closed_on"] for row in won)
    assert not any(row["closed_on"] or row["amount"] for row in rows if row["stage"] in ("Engaging", "Prospecting"))
    assert sum(1 for row in rows if not row["customer"]) == 1_425
    assert sum(1 for row in rows if row["c_product"] == "GTXPro") == 1_480


def test_regions_agents_and_accounts_add_up(filled: Installation) -> None:
    """Won deals by region through the teams; totals of each agent as in the file; the best of both."""
    for region, count in {"Central": 1629, "East": 1171, "West": 1438}.items():
        rows = filled.rows("deal", "name", f'team.parent.name is "{region}" and stage.outcome is won')
        assert len(rows) == count
    with (SHARED / "sales_pipeline.csv").open(encoding="utf-8", newline="") as file:
        lines = [line for line in csv.DictReader(file) if line["deal_stage"] == "Won"]
    by_agent, by_account, wins = Counter[str](), Counter[str](), Counter[str]()
    rows = filled.rows("deal", "owner,customer,amount", "stage.outcome is won")
    for row in rows:
        worth = round(float(row["amount"].split()[0]))
        by_agent[row["owner"]] += worth
        wins[row["owner"]] += 1
        by_account[row["customer"]] += worth
    expected = Counter[str]()
    for line in lines:
        expected[line["sales_agent"]] += int(line["close_value"])
    assert by_agent == expected
    assert by_agent.most_common(1) == [("Darcel Schlecht", 1_153_214)] and wins["Darcel Schlecht"] == 349
    del by_account[""]
    assert by_account.most_common(1) == [("Kan-code", 341_455)]


def test_accounts_and_people_are_whole(filled: Installation) -> None:
    """85 companies with their parents, figures and countries; 35 agents under 6 managers in 3 regions."""
    accounts = {row["name"]: row for row in filled.rows("customer", "name,parent,turnover,founded,addresses,industry,kind")}
    assert len(accounts) == 85
    acme = accounts["Acme Corporation"]
    assert acme["turnover"] == "1100040000.00 USD" and acme["founded"] == "1996" and acme["industry"] == "technolgy"
    assert "PH" in accounts["Bioholding"]["addresses"] and "US" in acme["addresses"]
    assert sum(1 for row in accounts.values() if row["parent"]) == 15
    assert accounts["Bluth Company"]["parent"] == "Acme Corporation"
    people = filled.rows("user", "name,team,reports_to")
    assert sum(1 for row in people if row["reports_to"]) == 35
    assert next(row for row in people if row["name"] == "Darcel Schlecht")["team"] == "Team Melvin Marxen"
    teams = {row["name"]: row for row in filled.rows("team", "name,parent,manager")}
    assert len(teams) == 9 and teams["Team Melvin Marxen"]["parent"] == "Central"
    assert teams["Team Melvin Marxen"]["manager"] == "Melvin Marxen"


def test_importing_again_changes_nothing(filled: Installation) -> None:
    """No doubles, no new versions: every line is recognised and found unchanged."""
    before = {item["id"]: item["version"] for item in filled.deals()}
    told = filled.bring_in()
    assert "created" not in told and "changed" not in told.replace("unchanged", "")
    assert {item["id"]: item["version"] for item in filled.deals()} == before
    assert len(filled.rows("customer", "name")) == 85 and len(filled.rows("user", "name")) == 42


def test_a_dry_run_leaves_nothing(filled: Installation, tmp_path: Path) -> None:
    """Everything is tried, nothing is kept, not even the custom field."""
    file = tmp_path / "more.csv"
    file.write_text("name,colour\nNew Company,green\n", encoding="utf-8")
    mapping = tmp_path / "map.json"
    mapping.write_bytes(orjson.dumps({
        "as": "customer", "columns": {"name": "name", "colour": "c_colour"}, "match": ["name"],
        "custom_fields": [{"key": "colour", "label": "Colour", "kind": "text"}],
    }))  # fmt: skip
    assert "1 created" in filled.run("import", str(file), "--map", str(mapping), "--dry-run")
    assert len(filled.rows("customer", "name")) == 85
    assert "no field" in filled.run("export", "customer", "--fields", "c_colour", code=1)
