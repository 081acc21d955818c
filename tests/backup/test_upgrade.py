"""An upgrade can be gone back from, and never changes who may do what without being told. The other version of Rapport is
an add-on whose migrations are there or not."""

from __future__ import annotations

import json

import pytest

from tests.backup.conftest import Both

pytestmark = pytest.mark.slow  # real processes, on both databases

_APPS = """from django.apps import AppConfig
class Extra(AppConfig):
    name = label = "extra"
"""
_STEP = """from django.db import migrations
{more}
class Migration(migrations.Migration):
    dependencies = {needs}
    operations = {operations}
"""
_FIRST, _SECOND = "0001_initial", "0002_newer"


def _version(place: Both, *, newer: bool, changes_access: bool = False) -> None:
    """Install the add-on as of one version or the next."""
    folder = place.folder / "extra"
    (folder / "migrations").mkdir(parents=True, exist_ok=True)
    place.environment["RAPPORT_ADD_ONS"] = "extra"
    for name in ("__init__.py", "migrations/__init__.py"):
        (folder / name).touch()
    (folder / "apps.py").write_text(_APPS)
    (folder / "migrations" / f"{_FIRST}.py").write_text(
        _STEP.format(more="", needs='[("kernel", "0001_initial")]', operations="[]")
    )
    second = folder / "migrations" / f"{_SECOND}.py"
    second.unlink(missing_ok=True)
    if newer:
        more = _GRANT if changes_access else ""
        step = "[migrations.RunPython(grant)]" if changes_access else "[]"
        second.write_text(_STEP.format(more=more, needs=f'[("extra", "{_FIRST}")]', operations=step))


_GRANT = """
def grant(apps, schema_editor):
    from rapport.kernel.access.current import use_workspace
    from rapport.kernel.access.models import Role, Workspace
    for space in Workspace.objects.all():
        with use_workspace(space):
            role = Role.objects.get(key="sales")
            Role.objects.filter(pk=role.pk).update(rights={**role.rights, "deal": {**role.rights["deal"], "export": "all"}})
"""


def test_an_upgrade_is_gone_back_from_and_what_was_written_since_is_told_and_kept(place: Both) -> None:
    """Refused without a snapshot, with the newer code, and without a yes; then the state before, with a file of the edits.
    The upgrade is what a mere start of the newer program does, and opens again, for nobody may do more or less after it."""
    place.environment["RAPPORT_BACKUPS"] = str(place.folder)
    _version(place, newer=False)
    place.script("""
        run("migrate")
        assert "no upgrade to go back from" in run("upgrade", "--rollback", code=1)
        add("Before")
        run("access", "fingerprint", "--keep")
    """)
    _version(place, newer=True)
    place.script(f"""
        from rapport.project.prepare import prepare
        with redirect_stdout(io.StringIO()) as told:
            prepare("", sample=False)
        assert "upgrade --rollback" in told.getvalue() and "no more and no less" in told.getvalue(), told.getvalue()
        add("Since")
        assert "newer than the snapshot (extra.{_SECOND}" in run("upgrade", "--rollback", "--yes", code=1)
    """)
    assert not list(place.data.glob("closed")) + list(place.data.glob("held")) + list(place.data.glob("upgrade-begun*"))
    _version(place, newer=False)
    place.script("""
        asked = run("upgrade", "--rollback", typed="no\\n", code=1)
        assert "1 edits (1 of customer)" in asked and "Nothing was changed" in asked, asked
        done = run("upgrade", "--rollback", typed="yes\\n")
        assert "in place" in done and "held back" in done, done
        assert "no upgrade to go back from" in run("upgrade", "--rollback", code=1)
    """)
    assert place.names() == {"Before"}
    (kept,) = place.data.glob("edits-since-upgrade-*.jsonl")
    lines = [json.loads(line) for line in kept.read_text(encoding="utf-8").splitlines()]
    assert [line["fields"]["name"][1] for line in lines if line["verb"] == "create"] == ["Since"]


def test_an_upgrade_that_changes_who_may_do_what_stays_closed_until_that_is_accepted(place: Both) -> None:
    """It says role, type, verb, the old answer and the new one; pages, API and readiness answer 503 and no job runs."""
    _version(place, newer=False)
    place.script("""
        run("migrate")
        kept = run("access", "fingerprint", "--keep")
        assert kept.split()[0] == run("access", "fingerprint").split()[0] and " roles, " in kept
    """)
    _version(place, newer=True, changes_access=True)
    place.script("""
        stopped = run("upgrade", "--no-backup", code=1)
        assert "role “Sales”, type deal, export: team before, all now" in stopped and "role “Marketing”" not in stopped, stopped
        assert "not ended" in run("upgrade", "--check")
        from rapport.project.prepare import prepare
        with redirect_stderr(io.StringIO()) as told:
            prepare("", sample=False)
        assert "Rapport is closed" in told.getvalue() and "--accept-access-changes" in told.getvalue(), told.getvalue()
        from django.test import Client
        from rapport.kernel.jobs.holding import held_because
        ask = lambda path: Client().get(path, headers={"host": "localhost"})
        assert [ask(one).status_code for one in ("/", "/api/v1/customer", "/readyz", "/livez")] == [503, 503, 503, 200]
        assert held_because() and ask("/")["Retry-After"] == "60" and "being upgraded" in ask("/").content.decode()
        assert "accepted: Fernhill: role “Sales”" in run("upgrade", "--accept-access-changes")
        assert ask("/readyz").status_code == 200 and not held_because()
    """)
