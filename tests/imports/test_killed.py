"""kill -9 at many points of an import and of taking it back: each batch whole or not at all, and the end is the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from rapport.engines.imports import passes, reverting
from rapport.engines.imports.mapping import mapping_of
from rapport.engines.imports.models import ImportRun
from rapport.engines.imports.reverting import prepare_revert, revert
from rapport.engines.imports.run import Wish, import_file
from rapport.kernel.access.current import use_workspace
from rapport.kernel.changes.models import Change
from rapport.kernel.changes.verify import verify_log
from rapport.kernel.query.models import IndexedValue
from rapport.kernel.records.registry import registry
from tests.cast import Cast
from tests.duplicates.test_killed import in_a_child
from tests.kernel.test_jobs_processes import shared_database

pytestmark = [pytest.mark.process, pytest.mark.django_db(transaction=True)]
__all__ = ["shared_database"]
PLAN = {
    "together": True, "steps": [
        {"as": "customer", "shape": "company", "set": {"kind": "company"}, "columns": {"Firm": "name"}, "match": ["name"]},
        {"as": "customer", "shape": "person", "set": {"kind": "person"}, "columns": {"Name": "name", "Mail": "emails"},
         "match": ["name"]},
        {"as": "affiliation", "shape": "tie", "links": {"company": "company", "person": "person"},
         "match": [["company", "person"]]},
    ],
}  # fmt: skip
#: Fifteen lines in batches of three: two change a record that is there, one is rejected.
TEXT = "Name,Firm,Mail\n" + "".join(f"P{n},F{n % 4},{'nonsense' if n == 4 else f'p{n}@x.example'}\n" for n in range(15))
#: Where the first child dies, and how many writing statements later the next one does: about one death in each part of a batch.
FIRST, FURTHER = 2, 3


def state() -> dict[str, object]:
    """What is in the workspace, without the ids that every run makes anew."""
    people = registry.get("customer").model.objects.filter(deleted_at=None)
    ties = registry.get("affiliation").model.objects.filter(deleted_at=None)
    keys = IndexedValue.objects.filter(type="customer", record_id__in=people.values("pk"))
    return {
        "people": sorted((one.name, one.kind, one.emails[0]["value"] if one.emails else "") for one in people),
        "ties": sorted(ties.values_list("person__name", "company__name")),
        "keys": sorted(keys.values_list("key", flat=True)),
    }  # fmt: skip


def until_done(work: object, whole: object) -> int:
    """Let one child after the other die a little later in the work; `whole` looks at what stands after each death."""
    deaths, step = 0, FIRST
    while not in_a_child(work, dies_at=step):
        whole()  # type: ignore[operator]
        deaths, step = deaths + 1, step + FURTHER
        assert step < 300
    return deaths


def test_killed_anywhere_it_ends_like_one_that_nobody_disturbed(
    committed_cast: Cast, shared_database: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same file twice, the second time with a death at every few statements; then both ways back."""
    monkeypatch.setattr(passes, "BATCH", 3)
    monkeypatch.setattr(reverting, "PORTION", 4)
    with use_workspace(committed_cast.home):
        ctx = committed_cast.ctx("ana")
        for name in ("P1", "P7"):
            ctx.create("customer", name=name, kind="person", emails="old@x.example")
        before = state()
        (calm, broken) = (tmp_path / "calm.csv", tmp_path / "broken.csv")
        calm.write_text(TEXT)
        broken.write_text(TEXT + "\n")

        def bring(path: Path) -> None:
            import_file(committed_cast.ctx("ana"), Wish(path, mapping=mapping_of(PLAN)))

        def take_back() -> None:
            run = ImportRun.objects.order_by("-started_at").first()
            prepare_revert(ctx, run)
            revert(committed_cast.ctx("ana"), run)

        def the_run() -> ImportRun:
            return ImportRun.objects.order_by("-started_at").first()

        bring(calm)
        after, counts = state(), the_run().counts
        take_back()
        assert state() == before
        wholes = []

        def whole_batches() -> None:
            run = ImportRun.objects.filter(file_name="broken.csv").first()
            # P4 is rejected; the first line of the file are the columns.
            brought_in = [n for n in range(max(run.line - 1, 0) if run else 0) if n != 4]
            assert len(state()["ties"]) == len(brought_in)  # type: ignore[arg-type]
            wholes.append(len(brought_in))

        deaths = until_done(lambda: bring(broken), whole_batches)
        assert deaths > 8 and wholes == sorted(wholes) and set(wholes) >= {0, 3, 5}
        assert state() == after and the_run().counts == counts and the_run().state == "done"
        assert (tmp_path / "broken.rejected.csv").read_bytes() == (tmp_path / "calm.rejected.csv").read_bytes()

        lefts = []

        def whole_portions() -> None:
            run = the_run()
            run_changes = Change.objects.filter(cause_id=run.pk)
            undone = run_changes.filter(number__gte=run.revert_number or 10**9).count() if run.revert_number else 0
            assert undone % reverting.PORTION == 0 and int(run.revert.get("done", 0)) == undone
            lefts.append(undone)

        assert until_done(take_back, whole_portions) > 5 and lefts == sorted(lefts)
        assert state() == before and the_run().state == "reverted" and verify_log(committed_cast.home).is_whole
