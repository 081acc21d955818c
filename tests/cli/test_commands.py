"""The command line as a person uses it: one sentence for every failure, exit codes, and nothing but what was asked for."""

from __future__ import annotations

import csv
import io
import json
import stat
from pathlib import Path

import pytest

from tests.cli.conftest import PASSWORD, Installation

pytestmark = pytest.mark.process


def test_help_and_usage(bare: Installation) -> None:
    """Help needs no data folder; wrong usage is 2; an unknown command names those there are."""
    assert "doctor" in bare.run("--help")[0]
    for name in ("setup", "token", "import", "export", "doctor", "migrate", "serve", "work"):
        assert f"rapport {name}" in bare.run(name, "--help", code=0)[0]
    assert "rapport 0" in bare.run("--version")[0]
    bare.run(code=2)
    assert "invalid choice" in bare.run("fly", code=2)[1]
    bare.run("export", code=2)
    bare.run("token", code=2)


def test_before_set_up_every_command_says_what_to_do(bare: Installation) -> None:
    """Without tables: migrate; without a workspace: setup."""
    assert "rapport migrate" in bare.run("export", "customer", code=1)[1]
    bare.run("migrate", "--check", code=1)
    assert "up to date" in bare.run("migrate")[0]
    assert "rapport setup" in bare.run("export", "customer", code=1)[1]


def test_set_up_checks_everything_at_once(bare: Installation) -> None:
    """Each wrong word has its sentence; a right one makes a workspace once."""
    words = ["setup", "--workspace", "F", "--name", "Ann", "--email", "ann", "--password-stdin"]
    err = bare.run(*words, typed="short\n", code=1)[1]
    assert "e-mail" in err and "password" in err.lower()
    for option, value in (("--currency", "XXY"), ("--country", "Ireland"), ("--time-zone", "Moon/Base"), ("--language", "tlh")):
        assert value in bare.run(*words, option, value, typed=PASSWORD, code=1)[1]
    assert "--password-stdin" in bare.run(*words[:-1], code=1)[1]
    bare.setup()
    assert "in use" in bare.run(
        "setup", "--workspace", "Again", "--name", "Ann", "--email", "ann@example.com", "--password-stdin", typed=PASSWORD, code=1
    )[1]  # fmt: skip


def test_a_token_is_printed_alone_and_ends(rapport: Installation) -> None:
    """create prints the token and nothing else; list never shows it; revoke ends it."""
    out, err = rapport.run("token", "create", "--email", "ann@example.com", "--name", "script")
    assert out.startswith("rap_") and out.count("\n") == 1 and not err
    listed = rapport.run("token", "list", "--email", "ann@example.com")[0]
    assert "script" in listed and out.strip() not in listed
    assert "1 token" in rapport.run("token", "revoke", "--email", "ann@example.com", "--name", "script")[0]
    assert "no living token" in rapport.run("token", "revoke", "--email", "ann@example.com", "--name", "script", code=1)[1]
    assert "Nobody" in rapport.run("token", "create", "--email", "who@example.com", "--name", "x", code=1)[1]


def test_several_workspaces_have_to_be_named(rapport: Installation) -> None:
    rapport.run("setup", "--workspace", "Second", "--name", "Bea", "--email", "bea@example.com", "--password-stdin", typed=PASSWORD)
    assert "--workspace" in rapport.run("export", "customer", code=1)[1]
    rapport.run("export", "customer", "--workspace", "second")
    rapport.run("export", "customer", "--user", "bea@example.com")
    assert "Third" in rapport.run("export", "customer", "--workspace", "Third", code=1)[1]
    assert "Nobody" in rapport.run("export", "customer", "--user", "bea@example.com", "--workspace", "Fernhill", code=1)[1]


def test_import_and_export(rapport: Installation, tmp_path: Path) -> None:
    """In by a file, out as CSV and JSON lines, filtered, sorted, to a file that appears whole."""
    file = tmp_path / "people.csv"
    file.write_text("name,kind,email,employees\nZoe,Person,zoe@x.example,\n=Fern,Company,,12\nBad,Robot,,\n", encoding="utf-8")
    out, err = rapport.run("import", str(file), "--as", "customer")
    assert out == "Customers: 2 created, 1 rejected.\n" and "people.rejected.csv" in err
    rows = list(csv.DictReader(io.StringIO(rapport.run("export", "customer", "--sort", "name")[0])))
    assert [row["name"] for row in rows] == ["'=Fern", "Zoe"] and rows[0]["employees"] == "12"
    target = tmp_path / "out.jsonl"
    rapport.run("export", "customer", "--filter", "kind is person", "--fields", "id,name,emails", "--out", str(target))
    lines = [json.loads(line) for line in target.read_text(encoding="utf-8").splitlines()]
    assert [(line["name"], line["emails"][0]["value"]) for line in lines] == [("Zoe", "zoe@x.example")]
    assert list(tmp_path.glob(".out*")) == []
    for words, word in (
        (["export", "nothing"], "nothing"), (["export", "customer", "--filter", "x is 1"], "no field"), (["export", "customer", "--sort", "note"], "sorted"),
        (["export", "customer", "--fields", "secret"], "no field"), (["export", "customer", "--out", str(tmp_path)], "folder"),
        (["import", str(tmp_path / "no.csv"), "--as", "customer"], "no file"), (["import", str(file)], "--as"), (["import", str(file), "--as", "robot"], "robot"),
        (["import", str(file), "--as", "customer", "--map", "no.json"], "no.json"), (["import", str(tmp_path), "--as", "customer"], "folder"),
        (["import", str(file), "--as", "customer", "--match", "phone"], "phone"), (["import", str(file), "--as", "customer", "--encoding", "utf-16"], "utf-16"),
    ):  # fmt: skip
        err = rapport.run(*words, code=1)[1]
        assert word in err and err.count("\n") == 1, (words, err)


def test_doctor_tells_what_is_wrong_and_how_to_mend_it(rapport: Installation) -> None:
    """Well at first; an open key file and missing tables are bad, and the exit code says so."""
    out = rapport.run("doctor")[0]
    for word in ("SQLite 3.", "journal_mode", "free", "migrations", "clock", "front end", "secret key", "job"):
        assert word in out, word
    key = rapport.data / "secret_key"
    key.chmod(0o644)
    out = rapport.run("doctor", code=1)[0]
    assert "chmod 600" in out and any(line.startswith("bad") for line in out.splitlines())
    key.chmod(stat.S_IRUSR | stat.S_IWUSR)
    rapport.run("doctor")


def test_an_unwritable_place_is_one_sentence(bare: Installation, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    err = bare.run("migrate", code=1, RAPPORT_DATA=str(tmp_path / "file"))[1]
    assert "cannot be used" in err and err.count("\n") == 1
    assert "postgres://" in bare.run("migrate", code=1, DATABASE_URL="mysql://x")[1]
    err = bare.run("migrate", code=1, DATABASE_URL="postgres://u:secret@127.0.0.1:1/x")[1]
    assert "PostgreSQL" in err and "secret" not in err and err.count("\n") == 1
