"""What the run would refuse is found by the check and stands at its cell: nothing that was checked is rejected afterwards."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from rapport.engines.imports import passes, session
from rapport.engines.imports.models import ImportRow, ImportRun
from rapport.kernel.access.models import Role
from rapport.kernel.changes.models import Change
from rapport.kernel.jobs.runner import run_due
from rapport.kernel.records.registry import registry
from tests.cast import Cast
from tests.imports.conftest import names

pytestmark = pytest.mark.django_db(transaction=True)
Checked = Callable[..., ImportRun]


@pytest.fixture
def checked(committed_cast: Cast, monkeypatch: pytest.MonkeyPatch) -> Checked:
    """Upload a file with a plan and check it, three lines at a time."""
    monkeypatch.setattr(passes, "BATCH", 3)

    def go(text: str, *, who: str = "ana", **plan: object) -> ImportRun:
        ctx = committed_cast.ctx(who)
        run = session.take_in(ctx, "file.csv", [text.encode()])
        session.set_plan(ctx, run, {"as": "customer", **plan})
        session.start(ctx, run, "check")
        run_due()
        run.refresh_from_db()
        assert run.state == "ready", run.error
        return run

    return go


def own(cast: Cast, label: str, **more: object) -> None:
    cast.ctx("ana").create("custom_field", **{"on_type": "customer", "label": label, "kind": "text", **more})


def problems(run: ImportRun) -> dict[int, list[str]]:
    """By line: the columns with a problem."""
    return {one.line: [column for column, _why in one.reasons] for one in ImportRow.objects.filter(run_id=run.pk, is_open=True)}


def then_run(cast: Cast, run: ImportRun, who: str = "ana") -> ImportRun:
    """Leave out what the check found, and import the rest."""
    ImportRow.objects.filter(run_id=run.pk).update(is_left_out=True, is_open=False)
    session.start(cast.ctx(who), run, "run")
    run_due()
    run.refresh_from_db()
    assert run.state == "done", run.error
    return run


def test_conditions_of_own_fields(committed_cast: Cast, checked: Checked) -> None:
    """Needed when, and kept only while: for new records and for those that change; nothing of the check stays."""
    own(committed_cast, "Ward", show_when="stage is customer", require_when="stage is customer")
    ctx = committed_cast.ctx("ana")
    ctx.create("customer", name="Old", stage="prospect")
    log = Change.objects.count()
    run = checked(
        "Name,Stage,Ward\nA,customer,East\nB,customer,\nC,prospect,West\nD,prospect,\nOld,prospect,North\n",
        columns={"Name": "name", "Stage": "stage", "Ward": "c_ward"}, match=["name"],
    )  # fmt: skip
    assert problems(run) == {3: ["Ward"], 4: ["Ward"], 6: ["Ward"]}
    assert names() == ["Old"] and Change.objects.count() == log
    assert run.checked["created"] == 2 and run.checked["rejected"] == 3
    done = then_run(committed_cast, run)
    assert done.counts["rejected"] == 0 and names() == ["A", "D", "Old"]


def test_values_that_stand_once(committed_cast: Cast, checked: Checked) -> None:
    """Against the database, against the lines of the same batch, and against those of an earlier one; two lines about one
    record are no clash."""
    own(committed_cast, "Code", is_unique=True)
    committed_cast.ctx("ana").create("customer", name="Old", c_code="k1")
    run = checked(
        "Name,Code,Industry\nA,K1,\nB,k2,\nC,K2,\nD,k3,\nE,k2,\nB,k2,Wood\nF,k4,\n",
        columns={"Name": "name", "Code": "c_code", "Industry": "industry"}, match=["name"],
    )  # fmt: skip
    assert problems(run) == {2: ["Code"], 4: ["Code"], 6: ["Code"]}
    done = then_run(committed_cast, run)
    assert done.counts["rejected"] == 0 and names() == ["B", "D", "F", "Old"]
    assert registry.get("customer").model.objects.get(name="B").industry == "Wood"


def sales(**scopes: str) -> None:
    """Ben sees and changes all customers, but for these verbs."""
    role = Role.objects.get(key="sales")
    verbs = dict.fromkeys(("view", "edit", "reassign", "import", "create"), "all")
    Role.objects.filter(pk=role.pk).update(
        rights={**role.rights, "user": {"view": "all"}, "customer": {**role.rights["customer"], **verbs, **scopes}}
    )


@pytest.mark.parametrize("verb", ["create", "import"])
def test_owners_out_of_reach(committed_cast: Cast, checked: Checked, verb: str) -> None:
    """Whoever reaches their own only, in creating or in importing, cannot bring in what belongs to others."""
    sales(**{verb: "own"})
    run = checked("Name,Owner\nA,Ben Moore\nB,Cem Aydin\nC,Ana Silva\nD,\nE,Cem Aydin\n", who="ben",
                  columns={"Name": "name", "Owner": "owner"}, match=["name"])  # fmt: skip
    assert problems(run) == {3: ["Owner"], 4: ["Owner"], 6: ["Owner"]}
    assert run.checked["created"] == 2 and run.checked["rejected"] == 3
    done = then_run(committed_cast, run, "ben")
    assert done.counts["rejected"] == 0 and names() == ["A", "D"]


def test_reassigning_and_records_that_are_not_seen(committed_cast: Cast, checked: Checked) -> None:
    """A record may not be given to another by whoever lacks that right, nor a parent be named that they do not see."""
    sales(view="own", reassign="none")
    ctx = committed_cast.ctx("ana")
    ctx.create("customer", name="Mine", owner=committed_cast.ben.pk)
    ctx.create("customer", name="Hidden")
    run = checked("Name,Owner,Parent\nMine,Cem Aydin,\nA,,Mine\nB,,Hidden\nC,,A\n", who="ben",
                  columns={"Name": "name", "Owner": "owner", "Parent": "parent"}, match=["name"])  # fmt: skip
    assert set(problems(run)) == {2, 4}
    assert problems(run)[4] == ["Parent"]
    done = then_run(committed_cast, run, "ben")
    assert done.counts["rejected"] == 0 and names() == ["A", "C", "Hidden", "Mine"]


def test_a_line_of_several_records_by_somebody_of_one_team(committed_cast: Cast, checked: Checked) -> None:
    """People, companies and their ties over several batches: what refers to records that are not written yet is no problem."""
    sales(view="team", create="team", **{"import": "team"})
    text = "Name,Company,Owner\n" + "".join(f"P{n},C{n % 2},{'Cem Aydin' if n == 5 else 'Ben Moore'}\n" for n in range(8))
    run = checked(text, who="ben", together=True, steps=[
        {"as": "customer", "shape": "company", "set": {"kind": "company"}, "columns": {"Company": "name"}, "match": ["name"]},
        {"as": "customer", "shape": "person", "set": {"kind": "person"}, "columns": {"Name": "name", "Owner": "owner"},
         "match": ["name"]},
        {"as": "affiliation", "shape": "tie", "links": {"company": "company", "person": "person"},
         "match": [["company", "person"]]},
    ])  # fmt: skip
    assert problems(run) == {7: ["Owner"]}
    assert [one["created"] for one in run.checked["steps"]] == [2, 7, 7]
    done = then_run(committed_cast, run, "ben")
    assert done.counts["rejected"] == 0
    assert len(names()) == 9 and registry.get("affiliation").model.objects.filter(deleted_at=None).count() == 7
