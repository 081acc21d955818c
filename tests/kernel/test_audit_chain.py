"""The change log is a chain: whoever changes, takes away or moves an entry behind Rapport's back is found out."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from uuid import UUID

import pytest
from django.db import connection, connections

from rapport.kernel.access.current import use_workspace
from rapport.kernel.access.models import Workspace
from rapport.kernel.changes.events import note_event
from rapport.kernel.changes.models import Change
from rapport.kernel.changes.unit import unit_of_work
from rapport.kernel.changes.verify import verify_log
from rapport.surfaces.cli.main import main
from tests.cast import Cast


def sql(statement: str, *values: object) -> None:
    """What somebody does who reaches the database but not Rapport."""
    bound = [value.hex if isinstance(value, UUID) and connection.vendor == "sqlite" else value for value in values]
    with connection.cursor() as cursor:
        cursor.execute(statement, bound)


def entry(cast: Cast, position: int) -> Change:
    """The entry this far from the end."""
    return Change.objects.filter(workspace=cast.home).order_by("-number")[position]


def fill(cast: Cast) -> None:
    """A log with writes of all sorts, numbers of all sorts, and an event."""
    ctx = cast.ctx("ana")
    record = ctx.create("customer", name="Olive & Söhne “x”", kind="company", emails="a@example.com", note="line\n\ttab")
    ctx.create_many("customer", [{"name": f"Row {n}", "kind": "person"} for n in range(20)])
    stage = ctx.create("deal", name="Roof", customer=record.pk, stage=_stage(), amount="1234567890123.45")
    ctx.write(record, name="Olive", note=None)
    ctx.create("exchange_rate", currency="USD", on_date="2026-01-02", rate="0.912345")
    ctx.delete(record)
    note_event(ctx, "exported", type_key="customer", filter="name = “x”", columns=["name"], rows=3)
    ctx.write(stage, name="Roof and wall")


def _stage() -> UUID:
    from tests.cast import first_stage_id

    return first_stage_id()


def test_an_untouched_log_is_whole(cast: Cast, capsys: pytest.CaptureFixture[str]) -> None:
    """Every kind of value comes back from the database with the digest it went in with; the command says so."""
    fill(cast)
    found = verify_log(cast.home)
    assert found.is_whole and found.entries == Change.objects.filter(workspace=cast.home).count() > 30, found
    assert found.last_hash == Workspace.objects.get(pk=cast.home.pk).change_hash
    assert main(["audit", "verify", "--workspace", "Fernhill"]) == 0
    assert f"Fernhill: {found.entries} entries, whole" in capsys.readouterr().out


def test_floats_survive_both_databases(cast: Cast) -> None:
    """jsonb makes 1e16 a whole number and forgets minus zero; the digest does not mind."""
    ctx = cast.ctx("ana")
    record = ctx.create("customer", name="Weighs", kind="company")
    for value in (0.1, 12.5, 1e16, 1e300, -0.0, 5e-324, 2.0, 1e22, 123456789.123456):
        with unit_of_work(ctx) as unit:
            note_event(ctx, "exported", record)
            unit.changes[-1].details = {"value": value, "more": [value, {"deep": value}]}
    assert verify_log(cast.home).is_whole


def change_diff(cast: Cast) -> int:
    one = Change.objects.filter(workspace=cast.home, verb="update").order_by("-number")[0]
    diff = {**one.diff, "name": ["Olive", "Somebody else"]}
    sql("UPDATE kernel_change SET diff = %s WHERE id = %s", json.dumps(diff), one.pk)
    return one.number


def change_actor(cast: Cast) -> int:
    one = entry(cast, 5)
    sql("UPDATE kernel_change SET actor_id = NULL WHERE id = %s", one.pk)
    return one.number


def change_time(cast: Cast) -> int:
    one = entry(cast, 5)
    sql("UPDATE kernel_change SET at = '2020-01-01 00:00:00+00:00' WHERE id = %s", one.pk)
    return one.number


def change_all_but_the_chain(cast: Cast) -> int:
    """Somebody who knows how digests are made, but does not make the rest of the chain anew."""
    from rapport.kernel.changes import chain

    one = entry(cast, 5)
    one.actor_name = "Somebody else"
    one.digest = chain.digest_of(one, chain.body_of(one))
    one.save()
    return one.number


def delete_in_the_middle(cast: Cast) -> int:
    one = entry(cast, 6)
    sql("DELETE FROM kernel_change WHERE id = %s", one.pk)
    return one.number


def delete_and_close_the_gap(cast: Cast) -> int:
    one = entry(cast, 1)
    sql("DELETE FROM kernel_change WHERE id = %s", one.pk)
    sql("UPDATE kernel_change SET number = number - 1 WHERE id = %s", entry(cast, 0).pk)
    sql("UPDATE kernel_workspace SET change_number = change_number - 1 WHERE id = %s", cast.home.pk)
    return one.number


def delete_the_tail(cast: Cast) -> int:
    ones = [entry(cast, at) for at in range(3)]
    for one in ones:
        sql("DELETE FROM kernel_change WHERE id = %s", one.pk)
    return ones[-1].number


def delete_the_tail_and_count_down(cast: Cast) -> int:
    number = delete_the_tail(cast) - 1
    sql("UPDATE kernel_workspace SET change_number = %s WHERE id = %s", number, cast.home.pk)
    return number


def delete_everything(cast: Cast) -> int:
    sql("DELETE FROM kernel_change WHERE workspace_id = %s", cast.home.pk)
    return 1


def swap_numbers(cast: Cast) -> int:
    one, other = entry(cast, 4), entry(cast, 7)
    for pk, number in ((one.pk, -1), (other.pk, one.number), (one.pk, other.number)):
        sql("UPDATE kernel_change SET number = %s WHERE id = %s", number, pk)
    return other.number


def forget_the_chain(cast: Cast) -> int:
    """Let the log look as if it were from before there was a chain."""
    top = entry(cast, 0).number
    sql("UPDATE kernel_change SET hash = '' WHERE workspace_id = %s", cast.home.pk)
    return top


def redact_by_hand(cast: Cast) -> int:
    """Empty an entry and call it an erasure."""
    one = entry(cast, 5)
    sql("UPDATE kernel_change SET diff = '{}', redacted_at = at WHERE id = %s", one.pk)
    return one.number


def redact_by_hand_and_well(cast: Cast) -> int:
    """Empty an entry as an erasure would: only the count of the erasures tells."""
    from rapport.kernel.changes import chain

    one = entry(cast, 5)
    sealed = json.dumps({chain.SEALED: chain.body_of(one)})
    sql(
        "UPDATE kernel_change SET diff = '{}', actor_name = '', salt = '', details = %s, redacted_at = at WHERE id = %s",
        sealed, one.pk,
    )  # fmt: skip
    return entry(cast, 0).number


TAMPERINGS = [
    change_diff, change_actor, change_time, change_all_but_the_chain, delete_in_the_middle, delete_and_close_the_gap,
    delete_the_tail, delete_the_tail_and_count_down, delete_everything, swap_numbers, forget_the_chain, redact_by_hand,
    redact_by_hand_and_well,
]  # fmt: skip


@pytest.mark.parametrize("tamper", TAMPERINGS, ids=lambda one: one.__name__)
def test_tampering_is_found(cast: Cast, tamper: Callable[[Cast], int], capsys: pytest.CaptureFixture[str]) -> None:
    """The command names the first broken number, says what is wrong, and fails."""
    fill(cast)
    with use_workspace(cast.home):
        number = tamper(cast)
    assert main(["audit", "verify"]) == 1
    told = capsys.readouterr().out
    assert f"Fernhill: BROKEN at number {number}:" in told, told
    assert "Elsewhere:" in told and told.count("BROKEN") == 1


def test_a_log_from_before_the_chain_is_whole_from_its_first_hash_on(cast: Cast) -> None:
    """Rows of an older version have no hashes; the chain begins after them and is held as ever."""
    sql("UPDATE kernel_change SET hash = '', digest = '', salt = '' WHERE workspace_id = %s", cast.home.pk)
    sql("UPDATE kernel_workspace SET change_hash = '' WHERE id = %s", cast.home.pk)
    older = Change.objects.filter(workspace=cast.home).count()
    assert verify_log(cast.home).is_whole
    fill(cast)
    found = verify_log(cast.home)
    assert found.is_whole and found.older == older and found.entries > older
    change_diff(cast)
    assert not verify_log(cast.home).is_whole


def test_a_log_written_anew_is_found_by_the_hash_somebody_kept(cast: Cast, capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever computes the whole chain again makes it whole, but not the same: the kept hash tells."""
    from rapport.kernel.changes import chain

    fill(cast)
    before = verify_log(cast.home)
    kept = f"{before.entries}:{before.last_hash}"
    last = ""
    for one in Change.objects.filter(workspace=cast.home).order_by("number"):
        one.actor_name = "Somebody else"
        one.digest = chain.digest_of(one, chain.body_of(one))
        last = one.hash = chain.link(last, one.number, one.digest)
        one.save()
    Workspace.objects.filter(pk=cast.home.pk).update(change_hash=last)
    assert main(["audit", "verify", "--workspace", "Fernhill"]) == 0
    assert main(["audit", "verify", "--workspace", "Fernhill", "--kept", kept]) == 1
    assert "written anew" in capsys.readouterr().out
    assert main(["audit", "verify", "--kept", kept]) == 1


@pytest.mark.slow
def test_writers_at_the_same_time_keep_the_chain_whole(committed_cast: Cast) -> None:
    """Six threads write, four of them in one workspace: each log is one chain."""
    cast = committed_cast
    problems: list[BaseException] = []

    def work(who: str, space: Workspace) -> None:
        try:
            with use_workspace(space):
                ctx = cast.ctx(who)
                for n in range(8):
                    record = ctx.create("customer", name=f"{who} {n}", kind="company")
                    ctx.write(record, note="x")
                    note_event(ctx, "exported", type_key="customer", rows=n)
        except BaseException as wrong:
            problems.append(wrong)
        finally:
            connections.close_all()

    threads = [
        threading.Thread(target=work, args=args)
        for args in [("ana", cast.home)] * 2 + [("ben", cast.home)] * 2 + [("dea", cast.away)] * 2
    ]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert not problems, problems
    for space in (cast.home, cast.away):
        found = verify_log(space)
        assert found.is_whole, found
    assert Change.objects.filter(workspace=cast.home, verb="exported").count() == 32
