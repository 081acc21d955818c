"""A backup made while people work can be believed, put back whole or not at all, and says so when it is no good."""

from __future__ import annotations

import datetime as dt
import json
import shutil
import stat
import zipfile
from pathlib import Path

import pytest

from rapport.engines.backup.keeping import thin_out
from rapport.engines.backup.problems import BackupProblem
from rapport.engines.backup.sealing import seal, unseal
from tests.backup.conftest import Both

pytestmark = pytest.mark.slow  # real processes, but unlike other such tests on both databases


def _with_a_file(place: Both) -> str:
    """A note with a file; the file's key."""
    return place.python("""
        from django.core.files.uploadedfile import SimpleUploadedFile
        from rapport.kernel.files.store import keep
        facts = keep(ctx, SimpleUploadedFile("plan.txt", b"the plan"))
        ctx.create("customer", name="With a file")
        print(facts["key"])
    """)


def _answers(place: Both, tokens: list[str]) -> str:
    """What the API says to each token."""
    return place.python(f"""
        from django.test import Client
        ask = lambda token: Client(headers={{"host": "localhost", "authorization": "Bearer " + token}}).get("/api/v1/customer")
        print(*[ask(one).status_code for one in {tokens!r}])
    """)


def test_drill_what_was_there_comes_back_and_nothing_else(place: Both) -> None:
    """Create, verify, change, restore: customers, files and the log are those of the backup; the later state is kept
    aside; sessions have ended; jobs and API tokens are held until released, and a token revoked since stays revoked; doctor
    knows when a backup was last proven."""
    place.add("Before")
    key = _with_a_file(place)
    place.python("from django.contrib.sessions.models import Session; import django.utils.timezone as t;"
                 "Session.objects.create(session_key='x' * 32, session_data='', expire_date=t.now())")  # fmt: skip
    tokens = [place.run("token", "create", "--email", "ann@example.com", "--name", name)[0].strip() for name in ("stays", "goes")]
    out = place.folder / "a.bak"
    said = place.run("backup", "create", "--out", str(out), "--verify")[0]
    assert "can be restored" in said and "1 files" in said and "search finds" in said
    assert stat.S_IMODE(out.stat().st_mode) == stat.S_IMODE(Path(f"{out}.keys").stat().st_mode) == 0o600
    place.add("After")
    place.run("token", "revoke", "--email", "ann@example.com", "--name", "goes")
    shutil.rmtree(place.data / "files" / key[:2])
    dry = place.run("restore", str(out), "--dry-run")[0]
    assert "“Fernhill”" in dry and "Nothing was changed" in dry and place.names() == {"Before", "With a file", "After"}
    assert "--replace" in place.run("restore", str(out), code=1)[1]
    told = place.run("restore", str(out), "--replace")[0]
    assert "1 sessions ended" in told and "--release" in told and "1 API tokens revoked again" in told
    assert _answers(place, tokens) == "503 401"
    assert place.names() == {"Before", "With a file"}
    assert (place.data / "files" / key[:2] / key).read_bytes() == b"the plan"
    assert next(place.data.glob("before-restore-*")).is_dir()
    assert "whole" in place.run("audit", "verify")[0]
    assert "held back" in place.run("doctor")[0]
    assert place.python("from rapport.kernel.jobs.queue import Queue; from rapport.kernel.jobs.runner import Runner, Shutdown;"
                        "print(Runner(Queue('w'), Shutdown(1)).turn())") == "False"  # fmt: skip
    place.run("restore", "--release")
    assert _answers(place, tokens) == "200 401"
    doctor = place.run("doctor")[0]
    assert "held back" not in doctor and "proven" in doctor


def test_the_state_before_a_restore_can_be_had_back(place: Both) -> None:
    """What a restore put aside is itself a way back."""
    out = place.folder / "a.bak"
    place.run("backup", "create", "--out", str(out))
    place.add("After")
    place.run("restore", str(out), "--replace", "--release")
    assert place.names() == set()
    aside = next(place.data.glob("before-restore-*"))
    if (aside / "before.bak").exists():
        place.run("restore", str(aside / "before.bak"), "--replace", "--release")
    else:
        (aside / "rapport.sqlite3").replace(place.data / "rapport.sqlite3")
    assert place.names() == {"After"}


def test_a_bad_backup_changes_nothing_and_says_what_is_wrong(place: Both) -> None:
    """Cut off, a bit flipped, the wrong key, no key, the wrong passphrase, no backup at all: one sentence, exit code 1."""
    place.add("Here")
    good, secret = place.folder / "a.bak", place.folder / "secret"
    secret.write_text("a long enough passphrase\n", encoding="utf-8")
    place.run("backup", "create", "--out", str(good))
    data = good.read_bytes()
    cut, flipped, other = place.folder / "cut.bak", place.folder / "flipped.bak", place.folder / "other.bak"
    cut.write_bytes(data[: len(data) // 2])
    middle = len(data) // 3
    flipped.write_bytes(data[:middle] + bytes([data[middle] ^ 4]) + data[middle + 1 :])
    for path in (cut, flipped):
        shutil.copy(f"{good}.keys", f"{path}.keys")
    other.write_bytes(b"PK nothing")
    sealed = place.folder / "sealed.bak"
    place.run("backup", "create", "--out", str(sealed), "--passphrase-file", str(secret))
    assert "can be restored" in place.run("backup", "verify", str(sealed), "--passphrase-file", str(secret))[0]
    secret.write_text("another long passphrase\n", encoding="utf-8")
    expected = {
        ("restore", "--replace", str(cut)): "cut off", ("backup", "verify", str(flipped)): "damaged",
        ("restore", "--replace", str(flipped)): "damaged", ("restore", str(other)): "no backup of Rapport",
        ("restore", "--replace", str(sealed)): "sealed", ("restore", str(place.folder / "none")): "no file",
        ("restore", "--replace", str(sealed), "--passphrase-file", str(secret)): "passphrase is wrong",
    }  # fmt: skip
    for words, sentence in expected.items():
        assert sentence in place.run(*words, code=1)[1], words
    Path(f"{good}.keys").write_text("x" * 64 + "\n", encoding="ascii")
    assert "not the key" in place.run("restore", "--replace", str(good), code=1)[1]
    assert place.names() == {"Here"} and not list(place.data.glob("before-restore-*")) and not (place.data / "held").exists()


@pytest.mark.sqlite_only
def test_another_machine_needs_the_key_or_says_what_is_lost(place: Both, tmp_path_factory: pytest.TempPathFactory) -> None:
    """With its key a backup works elsewhere, and the key it brings is that of the backup; without, it is refused."""
    place.add("Moved")
    out = place.folder / "a.bak"
    place.run("backup", "create", "--out", str(out))
    there = Both(tmp_path_factory.mktemp("there"))
    moved = there.folder / "a.bak"
    shutil.copy(out, moved)
    there.run("migrate")
    assert "second step" in there.run("restore", str(moved), code=1)[1]
    there.run("restore", str(moved), "--keys", f"{out}.keys", "--release")
    assert there.names() == {"Moved"}
    assert (there.data / "secret_key").read_text().split()[0] == (place.data / "secret_key").read_text().split()[0]


def test_a_backup_of_a_newer_rapport_is_refused_and_an_older_one_comes_up(place: Both) -> None:
    """Steps the program does not know stop an upgrade before it begins; missing steps are gone on the way."""
    out = place.folder / "a.bak"
    place.add("Old")
    place.python("""
        from django.core.management import call_command
        call_command("migrate", "timeline", "zero", verbosity=0)
    """)
    check = place.run("upgrade", "--check")[0]
    assert "timeline.0001_initial" in check and "room needed" in check
    place.run("backup", "create", "--out", str(out))
    assert "steps)" in place.run("upgrade")[0] and list((place.data / "backups").glob("*.bak"))
    assert "up to date" in place.run("upgrade", "--check")[0]
    assert "brought up to this version" in place.run("restore", "--replace", "--release", str(out))[0]
    assert place.names() == {"Old"} and "up to date" in place.run("migrate", "--check")[0]
    place.python("""
        from django.db import connection
        from django.db.migrations.recorder import MigrationRecorder
        MigrationRecorder(connection).record_applied("kernel", "9999_of_tomorrow")
    """)
    assert "newer Rapport (kernel.9999_of_tomorrow)" in place.run("upgrade", "--check", code=1)[1]


def test_killed_at_any_step_the_old_or_the_new_is_whole(place: Both) -> None:
    """kill -9 after each line a restore prints: the customers are those of before or those of the backup, never others."""
    place.add("Backed up")
    out = place.folder / "a.bak"
    place.run("backup", "create", "--out", str(out))
    place.add("Later")
    before, after = {"Backed up", "Later"}, {"Backed up"}
    seen = []
    for line in (5, 10, 12, 12, 13):
        place.kill_after(line, "restore", str(out), "--replace")
        found = place.names()
        assert found in (before, after), found
        seen.append(found == after)
    assert seen[0] is False
    place.run("restore", str(out), "--replace", "--release")
    assert place.names() == after and "whole" in place.run("audit", "verify")[0]
    assert not list(place.data.glob(".rapport-verify-*/x"))


def test_a_backup_while_others_write_misses_nothing_that_was_saved(place: Both) -> None:
    """Ten customers are saved one after another while backups are made: each backup holds a beginning of that row."""
    out = place.folder / "a.bak"
    writer = place.start("sample", "--customers", "60", "--seed", "1", "--new-workspace")
    place.run("backup", "create", "--out", str(out))
    writer.communicate()
    assert "can be restored" in place.run("backup", "verify", str(out))[0]


@pytest.mark.once
def test_backups_thin_out_by_hour_day_and_week(tmp_path: Path) -> None:
    """Of 60 days of hourly backups there stay 24 hours, 7 days, 5 weeks, and always the newest; other files are left."""
    now = dt.datetime(2026, 11, 22, 12, 30, tzinfo=dt.UTC)
    for hours in range(60 * 24):
        (tmp_path / f"rapport-{now - dt.timedelta(hours=hours):%Y%m%d-%H%M%S}.bak").touch()
    (tmp_path / "mine.bak").touch()
    thin_out(tmp_path, now)
    left = sorted(path.name for path in tmp_path.glob("rapport-*.bak"))
    assert 30 <= len(left) <= 38 and f"rapport-{now:%Y%m%d-%H%M%S}.bak" in left and (tmp_path / "mine.bak").exists()
    assert thin_out(tmp_path, now) == []


@pytest.mark.once
@pytest.mark.parametrize("size", [0, 1, 1 << 20, (1 << 20) + 1, 3 << 20])
def test_a_sealed_file_opens_only_whole_and_with_its_passphrase(tmp_path: Path, size: int) -> None:
    """Also at the edges of its blocks; a block less, a block twice or a changed sign is seen."""
    plain, sealed, back = tmp_path / "plain", tmp_path / "sealed", tmp_path / "back"
    plain.write_bytes(b"x" * size)
    seal(plain, sealed, "correct horse battery")
    unseal(sealed, back, "correct horse battery")
    assert back.read_bytes() == plain.read_bytes() and (size == 0 or b"xxxx" not in sealed.read_bytes())
    with pytest.raises(BackupProblem):
        unseal(sealed, back, "wrong horse battery")
    whole = sealed.read_bytes()
    for broken in (whole[:-1], whole[: len(whole) - (1 << 20)], whole[:-1] + bytes([whole[-1] ^ 1]), whole + whole[-100:]):
        sealed.write_bytes(broken)
        with pytest.raises(BackupProblem):
            unseal(sealed, back, "correct horse battery")


@pytest.mark.once
def test_the_list_of_contents_names_no_path_outside(tmp_path: Path) -> None:
    """A hostile archive cannot write beside its folder."""
    from rapport.engines.backup.container import reading

    path = tmp_path / "evil.bak"
    parts = {"../evil": {"size": 1, "sha256": ""}}
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("manifest.json", json.dumps({"format": 1, "parts": parts}))
    with pytest.raises(BackupProblem, match="outside"), reading(path, ""):
        pass
