"""Exports of other programs: known by their headings, and brought in as a person, a company and their tie."""

from __future__ import annotations

from pathlib import Path

import pytest

from rapport.engines.imports import session
from rapport.engines.imports.presets import import_presets
from rapport.kernel.jobs.runner import run_due
from rapport.kernel.records.registry import registry
from tests.cast import Cast

SAMPLES = Path(__file__).parent / "samples"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("preset", [one.key for one in import_presets()])
def test_a_sample_of_each_program_comes_in_whole(committed_cast: Cast, preset: str) -> None:
    """Without a word from anybody: name, address, number, employer and position, and nothing rejected."""
    ctx = committed_cast.ctx("ana")
    run = session.take_in(ctx, f"{preset}.csv", [(SAMPLES / f"{preset}.csv").read_bytes()])
    label = next(one.label for one in import_presets() if one.key == preset)
    assert run.facts["preset"] == label
    session.start(ctx, run, "run")
    run_due()
    run.refresh_from_db()
    assert run.state == "done" and not run.counts["rejected"], (run.error, run.counts, session.rejected_file(run))
    person = registry.get("customer").model.objects.get(kind="person")
    place = registry.get("affiliation").model.objects.get()
    assert person.name == "Grace Tierney" and person.emails[0]["value"] == "grace@aldersley.example"
    assert (place.person_id, place.company.name, place.job_title) == (person.pk, "Hotel Aldersley", "Manager")
    if preset != "linkedin":
        assert person.phones[0]["value"] == "+35315550142"


def test_every_target_of_a_preset_is_a_field(cast: Cast) -> None:
    """A field that is renamed takes its presets along."""
    from rapport.engines.imports.guess import is_target
    from rapport.engines.imports.shapes import shapes_for

    ctx = cast.ctx("ana")
    shapes = shapes_for(ctx)
    wrong = [
        (one.key, target) for one in import_presets() for target in one.columns.values() if not is_target(ctx, shapes, target)
    ]
    assert not wrong
