"""Declare tasks and enqueue jobs for them.

    @job(max_attempts=8)
    def send_mail(ctx: JobContext, *, message: str) -> None: ...

    enqueue(send_mail, workspace=workspace, key=str(message.id), message=str(message.id))

Rules: modules declare tasks in a file `jobs.py` of their app, which every worker imports at its start. Only declared
paths run; nothing is ever imported because a row names it. Delivery is at least once: a task may run again after a
crash, so what it does outside the database (mail, webhooks) needs an idempotency key of its own. Paths live on in the
database: a task that is moved keeps its old path as `name`.
"""

from __future__ import annotations

import datetime as dt
import inspect
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import update_wrapper
from typing import TYPE_CHECKING, Concatenate, Generic, ParamSpec, TypeAlias, TypeVar
from uuid import UUID

from django.utils import timezone
from django.utils.module_loading import autodiscover_modules

from rapport.kernel.access.current import use_workspace_or_none
from rapport.kernel.errors import Refused
from rapport.kernel.jobs.models import Job

if TYPE_CHECKING:
    from rapport.kernel.access.models import Workspace
    from rapport.kernel.jobs.context import JobContext

P = ParamSpec("P")
R = TypeVar("R")
#: How the runner calls any task: the job's context and the arguments of the row.
Call: TypeAlias = "Callable[[JobContext, dict[str, object]], object]"

PRIORITIES = range(-100, 101)  # as django-tasks has it; higher runs first
MAX_ATTEMPTS = 100
MAX_ARGS_LENGTH = 64_000  # arguments are references to rows; what is larger belongs in a table or a file
MAX_KEY_LENGTH = 150
_OWN_WORDS = {"workspace", "run_after", "key", "priority", "asked_by"}


class GiveUp(Exception):
    """Raised by a task that cannot succeed however often it is tried: the job fails at once, with this error."""


@dataclass(frozen=True)
class Declared:
    """What the registry knows of one path."""

    path: str
    function: Callable[..., object]
    call: Call
    max_attempts: int
    priority: int


_declared: dict[str, Declared] = {}


def declare(
    path: str, function: Callable[..., object], call: Call, *, max_attempts: int = 5, priority: int = 0
) -> Declared:
    """Put a path into the registry. A path means one function for ever."""
    if len(path) > 200 or not 1 <= max_attempts <= MAX_ATTEMPTS or priority not in PRIORITIES:
        raise ValueError(f"Task {path!r}: its path, max_attempts or priority is out of bounds.")
    known = _declared.get(path)
    if known is not None and _origin(known.function) != _origin(function):
        raise ValueError(f"Task {path!r} is declared twice.")
    _declared[path] = Declared(path, function, call, max_attempts, priority)
    return _declared[path]


def _origin(function: Callable[..., object]) -> tuple[str, str]:
    return function.__module__, function.__qualname__


def declared(path: str) -> Declared | None:
    """The task of a path, or None."""
    return _declared.get(path)


def load_tasks() -> None:
    """Import the modules `jobs` and `tasks` of every installed app, so that their declarations are known."""
    autodiscover_modules("jobs", "tasks")


class Task(Generic[P, R]):
    """A declared function. Calling it runs it here and now; `enqueue` gives it to a worker."""

    def __init__(self, function: Callable[Concatenate[JobContext, P], R], declared: Declared) -> None:
        self.function = function
        self.declared = declared
        update_wrapper(self, function)

    @property
    def path(self) -> str:
        """The name under which jobs refer to the task."""
        return self.declared.path

    def __call__(self, ctx: JobContext, /, *args: P.args, **kwargs: P.kwargs) -> R:
        return self.function(ctx, *args, **kwargs)


def job(
    *, max_attempts: int = 5, priority: int = 0, name: str = ""
) -> Callable[[Callable[Concatenate[JobContext, P], R]], Task[P, R]]:
    """Declare a function as a task. It takes a `JobContext` first, and everything else by keyword."""

    def wrap(function: Callable[Concatenate[JobContext, P], R]) -> Task[P, R]:
        path = name or f"{function.__module__}.{function.__qualname__}"
        taken = _OWN_WORDS.intersection(inspect.signature(function).parameters)
        if taken:
            raise ValueError(f"Task {path!r}: {sorted(taken)} mean something to enqueue; choose other names.")

        def call(ctx: JobContext, args: dict[str, object]) -> object:
            return function(ctx, **args)  # type: ignore[call-arg, arg-type]  # checked against the signature

        return Task(function, declare(path, function, call, max_attempts=max_attempts, priority=priority))

    return wrap


def enqueue(
    task: Task[..., object] | str,
    *,
    workspace: Workspace | UUID | None = None,
    run_after: dt.datetime | None = None,
    key: str | None = None,
    priority: int | None = None,
    asked_by: UUID | None = None,
    **kwargs: object,
) -> Job:
    """Add a job in the caller's transaction: it exists if that commits, and nobody sees it before.

    `key` makes it idempotent: for one task in one workspace a key is used once, ever, also after the job is done
    (until `queue.purge` drops the row). A second call returns the row that is there, in whatever state; a failed one
    is run again by `queue.retry`. Ever, and not only while unfinished, because keys are for what must not happen
    twice (a mail, a webhook), and a reader that repeats itself after a crash may be late.
    """
    found = declared(task if isinstance(task, str) else task.path)
    if found is None:
        raise Refused(f"There is no declared task {task!r}.", code="unknown_task")
    inspect.signature(found.function).bind(None, **kwargs)  # wrong arguments fail here, where they were written
    return insert_job(
        found, kwargs, workspace=workspace, run_after=run_after, key=key, priority=priority, asked_by=asked_by
    )


def insert_job(
    found: Declared,
    args: dict[str, object],
    *,
    workspace: Workspace | UUID | None = None,
    run_after: dt.datetime | None = None,
    key: str | None = None,
    priority: int | None = None,
    asked_by: UUID | None = None,
) -> Job:
    """Write the row of a job whose task and arguments are known to fit; see `enqueue`."""
    if run_after is not None and timezone.is_naive(run_after):
        raise ValueError("run_after needs a time zone.")
    urgency = found.priority if priority is None else priority
    if urgency not in PRIORITIES:
        raise ValueError(f"The priority {urgency} is out of bounds.")
    workspace_id = workspace if workspace is None or isinstance(workspace, UUID) else workspace.pk
    row = Job(
        task=found.path,
        args=checked_json(args, MAX_ARGS_LENGTH),
        workspace_id=workspace_id,
        asked_by=asked_by,
        run_after=run_after or timezone.now(),
        priority=urgency,
        max_attempts=found.max_attempts,
        key=None if key is None else _whole_key(found.path, workspace_id, key),
    )
    with use_workspace_or_none(workspace_id):  # the caller names it, and the job will see no other one
        if row.key is None:
            row.save(force_insert=True)
            return row
        # ON CONFLICT DO NOTHING: a refused insert must not break the caller's transaction on PostgreSQL.
        Job.objects.bulk_create([row], ignore_conflicts=True)
        return Job.objects.get(workspace_id=workspace_id, key=row.key)


def _whole_key(path: str, workspace_id: UUID | None, key: str) -> str:
    # Task and workspace are part of it, so that no company's key can swallow another company's job.
    if not key or len(key) > MAX_KEY_LENGTH:
        raise ValueError(f"A job's key has 1 to {MAX_KEY_LENGTH} characters.")
    return f"{path}:{workspace_id or '-'}:{key}"


def checked_json(value: object, max_length: int) -> object:
    """The value as JSON gives it back. Raises TypeError or ValueError for what both databases could not hold."""
    text = json.dumps(value, allow_nan=False, ensure_ascii=False)
    text.encode()  # half a character (a lone surrogate) is refused here: UnicodeEncodeError is a ValueError
    if "\\u0000" in text:
        raise ValueError("A job's data holds a NUL character, which PostgreSQL cannot store.")
    if len(text) > max_length:
        raise ValueError(f"A job's data has {len(text)} characters as JSON; {max_length} are allowed.")
    return json.loads(text)
