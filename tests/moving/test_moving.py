"""A whole workspace goes out as open formats and comes back as it was: every table, every type, files, rights, the log."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from rapport.engines.backup.problems import BackupProblem
from rapport.engines.moving import ids, tables
from rapport.engines.moving.pack import pack
from rapport.engines.moving.tables import LEFT_OUT, moved
from rapport.engines.moving.unpack import unpack
from rapport.kernel.access.current import use_workspace
from rapport.kernel.access.models import User, Workspace
from rapport.kernel.changes.verify import verify_log
from rapport.kernel.context import context_for, working_as_system
from rapport.kernel.files.store import keep, path_of
from rapport.kernel.query.search import search
from rapport.kernel.records.registry import registry
from tests.access.people import SEALED
from tests.backup.conftest import Both, place, template  # noqa: F401  fixtures
from tests.cast import Cast
from tests.factory import make
from tests.platform.ready_made import Ready

KEY = 0x1234567890ABCDE


def _renew(line: bytes) -> bytes:
    return ids._ID.sub(lambda found: str(UUID(int=UUID(found[0].decode()).int ^ KEY)).encode(), line)


@pytest.fixture
def full(cast: Cast, tmp_path: Path, settings: object) -> Iterator[Callable[[Workspace, str], dict[str, list[str]]]]:
    """A workspace with a record of every type and a file; a function that packs one and gives its rows."""
    settings.DATA = tmp_path / "data"  # type: ignore[attr-defined]
    (tmp_path / "data").mkdir()
    ctx = cast.ctx("ana")
    for info in registry.all():
        make(cast.system if info.key in SEALED else ctx, info.key)
    gone = ctx.create("customer", name="In the bin")
    ctx.delete(gone)
    ctx.create("customer", name="Élan with a link", note=f"see {gone.pk} for more")
    keep(ctx, SimpleUploadedFile("plan.txt", b"the plan"))

    def packed(workspace: Workspace, name: str) -> dict[str, list[str]]:
        out = tmp_path / name
        pack(workspace, out)
        with zipfile.ZipFile(out) as archive:
            parts = [part for part in archive.namelist() if part.startswith("tables/")]
            return {part: sorted(archive.read(part).decode().splitlines()) for part in parts}

    yield packed


def test_a_copy_beside_itself_differs_in_nothing_but_ids(
    cast: Cast, full: Callable[..., dict[str, list[str]]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every row of every table comes again, its references, times, versions and texts with ids in them; files get names of
    their own; search finds; the log is whole; the owner works in both; the first is untouched."""
    before = full(cast.home, "a.zip")
    assert len(before) == len(moved()) and sum(map(len, before.values())) > 100
    monkeypatch.setattr(ids, "renewed", lambda: _renew)
    steps = list(unpack(tmp_path / "a.zip", name="Copy"))
    assert any("copy with ids of its own" in step for step in steps)
    copy = Workspace.objects.get(name="Copy")
    after = full(copy, "b.zip")
    keys = {one["key"] for one in map(json.loads, after["tables/kernel.FileUpload.jsonl"])}
    for part, lines in before.items():
        expected = sorted(_renew(line.encode()).decode() for line in lines)
        if part.endswith(("Change.jsonl", "FileUpload.jsonl")):  # sealed anew; files have new names
            assert len(expected) == len(after[part])
            continue
        assert [json.loads(line) for line in after[part]] == [json.loads(line) for line in expected], part
    with use_workspace(copy):
        assert verify_log(copy).is_whole
        owner = User.objects.get(account=cast.ana.account_id)
        ctx = context_for(owner, "web", workspace=copy)
        assert [hit.title for hit in search(ctx, "elan")] == ["Élan with a link"]
        assert len(keys) == 1 and path_of(keys.pop()).read_bytes() == b"the plan"
    assert full(cast.home, "c.zip") == before


def test_every_table_is_moved_or_left_for_a_reason(cast: Cast) -> None:
    """A new table goes along by itself; what stays behind is named."""
    assert all(reason for reason in LEFT_OUT.values())
    labels = {model._meta.label for model in moved()}
    assert not labels & set(LEFT_OUT) and {info.model._meta.label for info in registry.all()} <= labels
    assert "kernel.Change" in labels and "kernel.Grant" in labels


def test_no_secret_and_nobody_else_is_in_the_file(
    cast: Cast, full: Callable[..., dict[str, list[str]]], tmp_path: Path
) -> None:
    """No password hash, no token digest, not a word of another workspace."""
    with working_as_system(cast.away, "test") as away:
        away.create("customer", name="Zanzibar of Elsewhere")
    full(cast.home, "a.zip")
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        text = b"".join(archive.read(name) for name in archive.namelist()).decode(errors="replace")
    assert "argon2" not in text and "Zanzibar" not in text and str(cast.away.pk) not in text


def test_a_file_made_by_hand_cannot_reach_into_another_workspace(
    cast: Cast, full: Callable[..., dict[str, list[str]]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A row that points to a foreign record is refused, and nothing of the file stays."""
    with use_workspace(cast.away):
        foreign = User.objects.filter(workspace=cast.away).values_list("pk", flat=True).first()
    original = tables.as_json
    monkeypatch.setattr(tables, "as_json", lambda value: str(foreign) if value == cast.cem.pk else original(value))
    make(cast.system, "customer", name="Of Cem", owner=cast.cem.pk)
    full(cast.home, "evil.zip")
    monkeypatch.setattr(ids, "renewed", lambda: lambda line: _renew(line).replace(_renew(str(foreign).encode()), str(foreign).encode()))
    spaces = Workspace.objects.count()
    with pytest.raises(BackupProblem):
        list(unpack(tmp_path / "evil.zip", name="Evil"))
    assert Workspace.objects.count() == spaces


@pytest.mark.slow
@pytest.mark.postgres_only
def test_from_a_laptop_to_a_server(place: Both, tmp_path_factory: pytest.TempPathFactory, ready: Ready) -> None:  # noqa: F811
    """What stood on SQLite stands on PostgreSQL under the same ids, its log unbroken; and goes back again."""
    laptop = Both(tmp_path_factory.mktemp("laptop"))
    ready.folder(laptop.data)
    laptop.add("Moved")
    out = laptop.folder / "a.zip"
    laptop.run("workspace", "export", "--out", str(out))
    assert "ids of its own" not in place.run("workspace", "import", str(out), "--as", "Laptop")[0]
    assert place.run("audit", "verify", "--workspace", "Laptop")[0].split("(last")[1] == laptop.run("audit", "verify")[0].split("(last")[1]
    back = laptop.folder / "b.zip"
    place.run("workspace", "export", "--workspace", "Laptop", "--out", str(back))
    laptop.run("workspace", "import", str(back), "--as", "Back")
    assert laptop.run("export", "customer", "--workspace", "Back", "--user", "ann@example.com", "--fields", "name")[0].count("Moved") == 1


@pytest.mark.slow
def test_one_workspace_of_a_backup_comes_back_beside_the_living_one(place: Both) -> None:  # noqa: F811
    """What was deleted since stands in the restored one, what came since only in the living one."""
    out = place.folder / "a.bak"
    place.add("Then")
    place.run("backup", "create", "--out", str(out))
    place.python("ctx.delete(__import__('rapport.modules.customers.models', fromlist=['Customer']).Customer.objects.get(name='Then'))")
    place.add("Now")
    assert "--as" in place.run("restore", str(out), "--workspace", "Fernhill", code=1)[1]
    assert "no workspace called" in place.run("restore", str(out), "--workspace", "Nobody", "--as", "x", code=1)[1]
    assert "“Fernhill then” is here" in place.run("restore", str(out), "--workspace", "Fernhill", "--as", "Fernhill then")[0]
    names = {
        space: place.run("export", "customer", "--workspace", space, "--fields", "name")[0].count("Then")
        for space in ("Fernhill", "Fernhill then")
    }
    assert names == {"Fernhill": 0, "Fernhill then": 1}
    assert place.run("audit", "verify")[0].count("whole") == 2


@pytest.mark.slow
def test_a_file_of_something_else_is_refused_in_a_sentence(place: Both) -> None:  # noqa: F811
    """A backup is no workspace, a workspace is no backup, rubbish is neither."""
    backup, packed, rubbish = place.folder / "a.bak", place.folder / "a.zip", place.folder / "x.zip"
    place.run("backup", "create", "--out", str(backup))
    place.run("workspace", "export", "--out", str(packed))
    rubbish.write_bytes(b"no")
    assert "rapport restore" in place.run("workspace", "import", str(backup), code=1)[1]
    assert "rapport workspace import" in place.run("restore", str(packed), "--replace", code=1)[1]
    assert "no backup" in place.run("workspace", "import", str(rubbish), code=1)[1]
