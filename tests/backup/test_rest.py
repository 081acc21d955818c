"""Backups that come by themselves leave the job runner to people for most of the time."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from rapport.engines.backup import record


def test_a_long_round_is_followed_by_a_long_rest(tmp_path: Path, settings: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten minutes of every three hours and twenty, not of every hour."""
    settings.DATA = tmp_path  # type: ignore[attr-defined]
    assert record.rest_over(0.05)
    record.remember_round(600)
    now = dt.datetime.now(dt.UTC)
    for minutes, is_over in ((0, False), (180, False), (191, True)):
        moment = now + dt.timedelta(minutes=minutes)
        clock = type("Clock", (dt.datetime,), {"now": classmethod(lambda cls, zone=None, at=moment: at)})
        monkeypatch.setattr(record.dt, "datetime", clock)
        assert record.rest_over(0.05) is is_over
        monkeypatch.undo()
