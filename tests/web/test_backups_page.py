"""The page of the backups: for whoever runs the installation alone, with what was proven, two buttons and a download."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.test import Client

from rapport.engines.backup import record
from rapport.engines.backup.keeping import new_name
from rapport.kernel.access.current import use_workspace
from rapport.kernel.access.models import Workspace
from rapport.kernel.changes.models import Change
from rapport.kernel.jobs.models import Job
from tests.cast import Cast

URL = "/settings/backups"


@pytest.fixture
def where(tmp_path: Path, cast: Cast, settings: LazySettings) -> Path:
    """A folder with one backup, in an installation whose other workspace is a sample."""
    settings.DATA, settings.BACKUPS = tmp_path / "data", str(tmp_path / "kept")
    settings.DATA.mkdir()
    folder = Path(settings.BACKUPS)
    folder.mkdir()
    Workspace.objects.filter(pk=cast.away.pk).update(is_sample=True)
    (folder / new_name(dt.datetime.now().astimezone())).write_bytes(b"a backup")
    return folder


@pytest.fixture
def ana(cast: Cast) -> Client:
    """The owner, who proved a moment ago who she is."""
    client = cast.client("ana")
    session = client.session
    session["local"], session["fresh_at"] = True, int(dt.datetime.now(dt.UTC).timestamp())
    session.save()
    return client


def test_only_the_owner_of_the_only_workspace_sees_the_page(cast: Cast, where: Path, ana: Client, settings: LazySettings) -> None:
    """A backup holds everybody's rows: to all others, and wherever several companies live, the page is not there."""
    name = next(where.iterdir()).name
    assert ana.get(URL).status_code == 200 and f'href="{URL}"' in ana.get("/settings/").content.decode()

    def nothing_for(client: Client) -> bool:
        gets = [client.get(one).status_code for one in (URL, f"{URL}/state", f"{URL}/{name}/file")]
        hidden = f'href="{URL}"' not in client.get("/settings/").content.decode()
        return {*gets, client.post(f"{URL}/do", {"do": "make"}).status_code} == {404} and hidden

    assert nothing_for(cast.client("ben")) and nothing_for(cast.client("dea"))
    settings.OPEN_WORKSPACES = True
    assert nothing_for(ana)
    settings.OPEN_WORKSPACES = False
    Workspace.objects.filter(pk=cast.away.pk).update(is_sample=False)
    assert nothing_for(ana) and not Job.objects.filter(task="backup.asked").exists()


def test_the_alarm_is_the_age_of_the_proof_not_the_last_job(where: Path, ana: Client, settings: LazySettings) -> None:
    """Red when nothing was proven or not for two days, whatever files lie there; the last problem is said in words."""
    name = next(where.iterdir()).name
    never = ana.get(URL).content.decode()
    assert "No backup was ever proven" in never and "Not proven" in never and "same disk" not in never
    record.remember_verified("2026-11-22T10:00:00+00:00", name, record.BY_ITSELF)
    good = ana.get(URL).content.decode()
    assert "was restored and tried" in good and "Proven by itself: " in good and "note bad" not in good
    state = Path(settings.DATA) / "backup-state.json"
    old = (dt.datetime.now(dt.UTC) - dt.timedelta(hours=49)).isoformat()
    state.write_text(
        json.dumps(json.loads(state.read_text()) | {"verified_at": old, "problem": {"at": old, "code": "disk", "text": ""}})
    )
    late = ana.get(URL).content.decode()
    assert "No backup was proven since" in late and "note bad" in late and "too little room" in late
    assert "This is the disk of the data itself" in late and str(where) in late


def test_the_buttons_ask_for_one_job_and_stop_it(where: Path, cast: Cast, ana: Client) -> None:
    """Pressed twice there is one job; the part of the page asks again while it waits; Stop ends it."""
    for _twice in range(2):
        assert ana.post(f"{URL}/do", {"do": "make"}).status_code == 302
    with use_workspace(cast.home):
        (job,) = Job.objects.filter(task="backup.asked")
        assert job.args == {"what": "make", "who": "Ana Silva"} and job.workspace_id == cast.home.pk
    waiting = ana.get(f"{URL}/state").content.decode()
    assert "every 2s" in waiting and "begins in a moment" in waiting and 'value="stop"' in waiting
    ana.post(f"{URL}/do", {"do": "stop"})
    with use_workspace(cast.home):
        assert Job.objects.get(pk=job.pk).status == Job.Status.STOPPED
    assert "every 2s" not in ana.get(f"{URL}/state").content.decode()


def test_a_download_needs_a_fresh_proof_and_is_in_the_audit_log(where: Path, cast: Cast, ana: Client) -> None:
    """Without one the confirming page comes first; only backups of the folder are given out, never a key or another file."""
    name = next(where.iterdir()).name
    (where / f"{name}.keys").write_text("secret")
    stale = cast.client("ana").get(f"{URL}/{name}/file")
    assert stale.status_code != 200
    response = ana.get(f"{URL}/{name}/file")
    assert b"".join(response.streaming_content) == b"a backup" and "no-store" in response["Cache-Control"]  # type: ignore[attr-defined]
    for other in (f"{name}.keys", "..%2Fdata%2Fsecret_key", "rapport-20200101-000000.bak"):
        assert ana.get(f"{URL}/{other}/file").status_code == 404
    with use_workspace(cast.home):
        entry = Change.objects.filter(workspace_id=cast.home.pk, verb="exported").latest("number")
    assert entry.details == {"what": "backup", "file": name}
