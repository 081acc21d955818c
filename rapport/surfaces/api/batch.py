"""POST /api/v1/batch: up to 1,000 writes over any types in one request, all or nothing, or each for itself.

Writes of one sort that stand together (hundreds of new customers) go through the set-wise door, so that a batch costs
a fraction of as many requests. A record made earlier in the batch can be referred to: `"as": "fern"` names it, and
`{"ref": "fern"}` stands for its id in what follows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from rapport.kernel.access import gate
from rapport.kernel.actions.running import find_action, run_action
from rapport.kernel.changes import door
from rapport.kernel.changes.events import note_denied
from rapport.kernel.changes.many import ManyResult
from rapport.kernel.changes.unit import part_of_work, unit_of_work
from rapport.kernel.context import Context
from rapport.kernel.errors import Conflict, Gone, RapportError, Refused
from rapport.kernel.query.read import read_ids
from rapport.kernel.records.model import Record
from rapport.kernel.records.registry import TypeInfo, registry
from rapport.surfaces.api.operations import Operation, Refs, read_operation
from rapport.surfaces.api.problems import HttpProblem, answer, bad_request, problem_of
from rapport.surfaces.api.reading import body_of, parameters
from rapport.surfaces.api.upserts import upsert

MOST_OPERATIONS = 1_000
_KEYS = {"operations", "atomic"}


@dataclass
class Outcome:
    """What became of one operation: the record, or why not."""

    status: int = 200
    type: str = ""
    id: UUID | None = None
    version: int | None = None
    error: RapportError | None = None
    made: dict[str, object] | None = None

    def as_json(self) -> dict[str, object]:
        """As the answer tells it."""
        if self.error is not None:
            problem = problem_of(self.error, reads=False)
            return {"status": problem["status"], "problem": problem}
        found: dict[str, object] = {"status": self.status, "type": self.type, "id": self.id, "version": self.version}
        return found | ({"result": self.made} if self.made is not None else {})


class Failed(Exception):
    """One operation of an atomic batch failed; everything rolls back."""

    def __init__(self, position: int, error: RapportError) -> None:
        super().__init__(position)
        self.position, self.error = position, error


def run(ctx: Context, request: HttpRequest) -> HttpResponse:
    """POST /api/v1/batch: `{"operations": […], "atomic": true}`; `results` stand in the order of the operations."""
    parameters(request, ())
    body = body_of(request)
    if unknown := sorted(set(body) - _KEYS):
        raise bad_request(_("A batch has no member “%(key)s”.") % {"key": unknown[0][:60]}, code="unknown_member")
    given, atomic = body.get("operations"), body.get("atomic", True)
    if not isinstance(given, list) or not given or not isinstance(atomic, bool):
        raise bad_request(_("Send “operations” as a list of at least one, and “atomic” as true or false."), code="bad_batch")
    if len(given) > MOST_OPERATIONS:
        raise bad_request(_("A batch has %(most)d operations at most.") % {"most": MOST_OPERATIONS}, code="too_many")
    batch = _Batch(ctx, given, atomic=atomic)
    if not atomic:
        outcomes = batch.run()
        denied = sum(isinstance(one.error, (Refused, Gone)) for one in outcomes)
        if denied:
            note_denied(ctx, Refused(), writes=True, path=request.path_info, count=denied)
        failed = sum(one.error is not None for one in outcomes)
        return answer({"results": [one.as_json() for one in outcomes], "failed": failed}, 200, {})
    try:
        with unit_of_work(ctx):
            outcomes = batch.run()
    except Failed as failure:
        note_denied(ctx, failure.error, writes=True, path=request.path_info)
        raise _problem(failure) from failure.error
    return answer({"results": [one.as_json() for one in outcomes], "failed": 0}, 200, {})


def _problem(failure: Failed) -> HttpProblem:
    """Why nothing was written: the operation by its number from 0, and its fields."""
    wrong, place = failure.error, f"operations.{failure.position}"
    errors = {f"{place}.{key}": sentence for key, sentence in wrong.errors.items()} or {place: wrong.sentence}
    status = 409 if isinstance(wrong, Conflict) else 422
    sentence = _("Operation %(number)d failed, so nothing was written: %(sentence)s") % {
        "number": failure.position, "sentence": wrong.sentence,
    }  # fmt: skip
    return HttpProblem(status, sentence, code=wrong.code, errors=errors)


@dataclass
class _Batch:
    """The operations of one request and what became of them."""

    ctx: Context
    given: Sequence[object]
    atomic: bool
    refs: Refs = field(default_factory=Refs)

    def run(self) -> list[Outcome]:
        """Do all; raises Failed at the first failure of an atomic batch."""
        outcomes = [Outcome() for _one in self.given]
        for group in self._groups(outcomes):
            for position, outcome in self._do(group):
                self._settle(outcomes, position, outcome)
                name = next(op.name for at, op in group if at == position)
                if name and outcome.error is None:
                    self.refs.learn(name, outcome.id)
        return outcomes

    def _settle(self, outcomes: list[Outcome], position: int, outcome: Outcome) -> None:
        if outcome.error is not None and self.atomic:
            raise Failed(position, outcome.error)
        outcomes[position] = outcome

    def _groups(self, outcomes: list[Outcome]) -> Iterator[list[tuple[int, Operation]]]:
        """Operations in their order, those that may go set-wise together."""
        waiting: list[tuple[int, Operation]] = []
        for position, one in enumerate(self.given):
            try:
                op = read_operation(self.ctx, one)
            except RapportError as wrong:
                self._settle(outcomes, position, Outcome(error=wrong))
                continue
            if waiting and not op.goes_with(waiting[-1][1]):
                yield waiting
                waiting = []
            waiting.append((position, op))
        if waiting:
            yield waiting

    def _do(self, group: list[tuple[int, Operation]]) -> Iterator[tuple[int, Outcome]]:
        if len(group) > 1:
            try:
                yield from list(self._together(group))
                return
            except (RapportError, IntegrityError):
                pass  # one of them spoils it for all: one by one, to see which
        for position, op in group:
            try:
                yield position, self._one(op)
            except RapportError as wrong:
                yield position, Outcome(error=wrong)

    def _together(self, group: list[tuple[int, Operation]]) -> Iterator[tuple[int, Outcome]]:
        info = group[0][1].info
        with part_of_work(self.ctx):
            result, status = self._written(info, group)
        rows = read_ids(self.ctx, info, list(result.ids.values()), [])
        for at, (position, _op) in enumerate(group):
            if at in result.errors:
                yield position, Outcome(error=result.errors[at])
            else:
                row = rows.get(result.ids[at])
                yield position, Outcome(status, info.key, result.ids[at], row.version if row else None)

    def _written(self, info: TypeInfo, group: list[tuple[int, Operation]]) -> tuple[ManyResult, int]:
        if group[0][1].do == "create":
            return self.ctx.create_many(info.key, [op.values for _position, op in group]), 201
        return self.ctx.write_many(info.key, [(op.id, op.values) for _position, op in group]), 200  # type: ignore[misc]

    def _one(self, op: Operation) -> Outcome:
        """One operation by the plain door."""
        ctx, info = self.ctx, op.info
        values = self.refs.put_into(op.values)
        if op.do == "create":
            return _told(201, info, door.create(ctx, info, values))
        if op.do == "upsert":
            done = upsert(ctx, info, op.key, op.key_value, values)
            return _told(201 if done.is_new else 200, info, done.record)
        ident = self.refs.put_into(op.id)
        if op.do == "update":
            record = gate.get(ctx, info, ident, "edit")
            _demand_version(op, record, exactly=False)
            return _told(200, info, door.write(ctx, record, values, expected_version=op.version))
        if op.do == "action":
            find_action(info, op.action)
            record = gate.get(ctx, info, ident)
            _demand_version(op, record)
            made = run_action(ctx, record, op.action, values)
            result = {"type": registry.of(made).key, "id": made.pk} if isinstance(made, Record) else None
            return _told(200, info, record, result)
        record = gate.get(ctx, info, ident, "delete", in_bin=op.do == "restore")
        _demand_version(op, record)
        (ctx.delete if op.do == "delete" else ctx.restore)(record)
        return _told(200, info, record)


def _told(status: int, info: TypeInfo, record: Record, made: dict[str, object] | None = None) -> Outcome:
    return Outcome(status, info.key, record.pk, record.version, made=made)


def _demand_version(op: Operation, record: Record, *, exactly: bool = True) -> None:
    wanted = op.version
    if wanted is not None and (wanted > record.version or (exactly and wanted != record.version)):
        raise Conflict(_("The record has changed since; read it again and decide anew."))
