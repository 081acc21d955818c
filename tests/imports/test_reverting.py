"""Taking an import back: created rows go, updated ones get their old values, later changes by people stay."""

from __future__ import annotations

import pytest

from rapport.engines.imports import reverting
from rapport.engines.imports.foreseeing import foresee, prepare_foresee
from rapport.engines.imports.models import ImportRun
from rapport.engines.imports.reverting import prepare_revert, revert
from rapport.kernel.access.models import Role
from rapport.kernel.changes.models import Change
from rapport.kernel.changes.verify import verify_log
from rapport.kernel.errors import Conflict, Refused
from rapport.kernel.query.search import search
from rapport.kernel.records.registry import registry
from tests.cast import Cast
from tests.imports.conftest import Importer, names

TEXT = "name,industry,emails\nOld,New industry,old@x.example\nFresh,Fresh industry,fresh@x.example\n"


def the_run() -> ImportRun:
    return ImportRun.objects.get()


@pytest.fixture
def imported(cast: Cast, bring: Importer) -> ImportRun:
    """One customer updated, one created."""
    cast.ctx("ana").create("customer", name="Old", industry="Old industry", emails="first@x.example")
    report = bring(TEXT, match="name")
    assert (report.total.changed, report.total.created) == (1, 1)
    return the_run()


def test_values_come_back_and_created_rows_go(cast: Cast, imported: ImportRun) -> None:
    """Search, log and bin agree afterwards; a second time there is nothing to take back."""
    ctx = cast.ctx("ana")
    prepare_revert(ctx, imported)
    assert revert(ctx, imported)
    record = registry.get("customer").model.objects.get(deleted_at=None)
    assert (record.name, record.industry, record.emails[0]["value"]) == ("Old", "Old industry", "first@x.example")
    assert [hit.title for hit in search(ctx, "old@x.example")] == [] and [hit.title for hit in search(ctx, "Fresh")] == []
    assert [hit.title for hit in search(ctx, "first@x.example")] == ["Old"]
    assert the_run().state == "reverted" and the_run().revert["deleted"] == the_run().revert["restored"] == 1
    assert {"reverting", "reverted"} <= {one.details.get("state") for one in Change.objects.filter(verb="imported")}
    assert not verify_log(cast.home).problem
    with pytest.raises(Conflict):
        prepare_revert(ctx, the_run())


def test_what_people_changed_since_is_left_alone_unless_told(cast: Cast, imported: ImportRun) -> None:
    """Both kinds: a created row somebody edited, and an updated one; told so, they go back too."""
    ctx = cast.ctx("ana")
    model = registry.get("customer").model
    for one in model.objects.all():
        ctx.write(one, note="seen")
    prepare_revert(ctx, imported)
    revert(ctx, imported)
    assert names() == ["Fresh", "Old"] and the_run().revert["left"] == 2
    again = the_run()
    prepare_revert(ctx, again, force=True)
    revert(ctx, again)
    assert names() == ["Old"] and model.objects.get(deleted_at=None).industry == "Old industry"
    assert model.objects.get(deleted_at=None).note == "seen"


def test_it_tells_before_what_it_would_do(cast: Cast, bring: Importer, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is said beforehand is what happens: into the bin, old values again, left alone with the name; nothing is written."""
    monkeypatch.setattr(reverting, "PORTION", 2)
    ctx = cast.ctx("ana")
    for name in ("Old", "Older", "Seen"):
        ctx.create("customer", name=name, industry="Before")
    bring("name,industry\nOld,After\nOlder,After\nSeen,After\nNew,\nNewer,\nNewest,\nGone,\n", match="name")
    model = registry.get("customer").model
    for name in ("Seen", "Newest"):
        ctx.write(model.objects.get(name=name), note="touched")
    ctx.delete(model.objects.get(name="Gone"))
    before = Change.objects.count()
    prepare_foresee(ctx, the_run())
    run = the_run()
    run.revert = {"was": run.state}
    assert foresee(ctx, run) and Change.objects.count() == before
    found = the_run().revert["foreseen"]
    assert (found["deleted"], found["restored"], found["left"]) == (2, 2, 2)
    assert sorted(title for _type, _pk, title, _why in found["listed"]) == ["newest", "seen"]
    again = the_run()
    prepare_revert(ctx, again)
    revert(ctx, again)
    assert {key: the_run().revert[key] for key in ("deleted", "restored", "left")} == {"deleted": 2, "restored": 2, "left": 2}
    with pytest.raises(Conflict):
        prepare_foresee(ctx, the_run())


def test_it_goes_on_after_a_crash(cast: Cast, bring: Importer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Portion by portion, each with its place: interrupted anywhere, the rest is taken back and nothing twice."""
    bring("name\n" + "".join(f"N{n}\n" for n in range(25)))
    monkeypatch.setattr(reverting, "PORTION", 4)
    ctx = cast.ctx("ana")
    prepare_revert(ctx, the_run())
    left = []
    while not revert(ctx, the_run(), lambda run: False):
        left.append(len(names()))
    assert left == [21, 17, 13, 9, 5, 1, 0] and the_run().revert["deleted"] == 25


def test_it_needs_the_rights_to_edit_and_delete(cast: Cast, bring: Importer) -> None:
    """Whoever may import but not delete may not take an import back."""
    bring("name\nMine\n", who="ben")
    role = Role.objects.get(key="sales")
    rights = {verb: scope for verb, scope in role.rights["customer"].items() if verb != "delete"}
    Role.objects.filter(pk=role.pk).update(rights={**role.rights, "customer": rights})
    with pytest.raises(Refused):
        prepare_revert(cast.ctx("ben"), the_run())
    assert names() == ["Mine"]
