"""Importing as a job: as the user who asked, with progress, and never outside the data folder."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import settings

from rapport.engines.imports.tasks import import_in_background
from rapport.kernel.access.models import User
from rapport.kernel.jobs.models import Job
from rapport.kernel.jobs.runner import run_due
from rapport.kernel.jobs.tasks import enqueue
from tests.cast import Cast
from tests.imports.conftest import names


@pytest.fixture
def file() -> Path:
    """An uploaded file."""
    path = Path(settings.DATA) / "tmp" / "upload.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("name,owner\nMine,Ben Moore\nTheirs,Cem Aydin\n", encoding="utf-8")
    return path


@pytest.mark.django_db(transaction=True)
def test_a_job_imports_with_the_rights_of_whoever_asked(cast: Cast, file: Path) -> None:
    job = enqueue(import_in_background, workspace=cast.home, asked_by=cast.ben.pk, path=str(file), type_key="customer")
    run_due()
    job.refresh_from_db()
    assert job.status == Job.Status.DONE, job.error
    assert job.result["counts"]["created"] == 1 and job.result["counts"]["rejected"] == 1
    assert names() == ["Mine"] and job.progress_done == file.stat().st_size


@pytest.mark.django_db(transaction=True)
def test_a_job_that_may_not_run_fails_with_a_sentence(cast: Cast, file: Path, tmp_path: Path) -> None:
    outside = tmp_path / "x.csv"
    outside.write_text("name\nX\n")
    jobs = [
        enqueue(import_in_background, workspace=cast.home, asked_by=cast.ben.pk, path=str(outside), type_key="customer"),
        enqueue(import_in_background, workspace=cast.home, asked_by=cast.ben.pk, path=str(file), type_key="nothing"),
    ]
    User.objects.filter(pk=cast.cem.pk).update(is_active=False)
    jobs.append(enqueue(import_in_background, workspace=cast.home, asked_by=cast.cem.pk, path=str(file), type_key="customer"))
    run_due()
    for job, word in zip(jobs, ("data folder", "record type", "no longer"), strict=True):
        job.refresh_from_db()
        assert job.status == Job.Status.FAILED and word in job.error, job.error
    assert names() == []
