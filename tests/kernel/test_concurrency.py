"""Many at once: one wins, the rest are told, nothing is half done, no number is missing. On both databases."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from django.db import OperationalError, connections

from rapport.kernel.access import gate
from rapport.kernel.access.current import use_workspace
from rapport.kernel.actions.running import run_action
from rapport.kernel.changes.models import Change
from rapport.kernel.errors import RapportError
from rapport.kernel.records.registry import registry
from tests.cast import Cast, first_stage_id
from tests.factory import make

PARALLEL = 12


def _at_once(cast: Cast, work: Callable[[int], object], workers: int = PARALLEL) -> list[object]:
    """Run `work` in parallel threads, each with a connection of its own; errors come back as values."""

    def one(n: int) -> object:
        try:
            with use_workspace(cast.home):
                return work(n)
        except (RapportError, OperationalError) as told:
            return told
        finally:
            connections.close_all()

    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(one, range(workers)))


def test_a_lead_is_converted_once(committed_cast: Cast) -> None:
    """Twelve people press Convert: one deal, one person, one company; eleven sentences."""
    cast = committed_cast
    lead = cast.ctx("ana").create("lead", name="Ann Lee", company="Acme", emails="ann@acme.example", interest="Wings")
    info = registry.get("lead")

    def convert(_n: int) -> object:
        ctx = cast.ctx("ana")
        return run_action(ctx, gate.get(ctx, info, lead.pk), "convert", {})

    results = _at_once(cast, convert)
    told = [r for r in results if isinstance(r, Exception)]
    assert len(told) == PARALLEL - 1, results
    assert all(isinstance(r, RapportError) for r in told), told
    deals, customers = registry.get("deal").model, registry.get("customer").model
    assert deals.objects.count() == 1 and customers.objects.count() == 2


def test_counted_edits_all_arrive(committed_cast: Cast) -> None:
    """Edits of one record by twelve people either stand in the log or were told; the version counts the ones that stand."""
    cast = committed_cast
    customer = make(cast.ctx("ana"), "customer", name="Start")
    info = registry.get("customer")

    def rename(n: int) -> object:
        ctx = cast.ctx("ana")
        return ctx.write(gate.get(ctx, info, customer.pk), name=f"Name {n}")

    results = _at_once(cast, rename)
    stood = [r for r in results if not isinstance(r, Exception)]
    assert all(isinstance(r, RapportError) for r in results if isinstance(r, Exception)), results
    customer.refresh_from_db()
    assert customer.version == 1 + len(stood)
    assert Change.objects.filter(record_id=customer.pk, verb="update").count() == len(stood)


def test_numbers_of_many_writers_have_no_gap(committed_cast: Cast) -> None:
    """Twelve writers of different records: every write is there, numbers rise one by one."""
    cast = committed_cast
    stage = first_stage_id()

    def write(n: int) -> object:
        ctx = cast.ctx("ana")
        for m in range(5):
            ctx.create("deal", name=f"Deal {n}.{m}", stage=stage)
        return None

    results = _at_once(cast, write)
    assert results == [None] * PARALLEL, results
    numbers = list(Change.objects.filter(workspace_id=cast.home.pk).order_by("number").values_list("number", flat=True))
    assert numbers == list(range(1, len(numbers) + 1))
    assert registry.get("deal").model.objects.count() == 5 * PARALLEL
