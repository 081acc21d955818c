"""Lets functions declared with `django_tasks.task` run on our queue, so that code of other packages needs no change.

    TASKS = {"default": {"BACKEND": "rapport.kernel.jobs.backend.JobBackend"}}

Such jobs belong to no workspace; our own code uses `tasks.job` and `tasks.enqueue`, which know one.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence

from django_tasks.backends.base import BaseTaskBackend
from django_tasks.base import Task, TaskContext, TaskError, TaskResult, TaskResultStatus
from django_tasks.exceptions import InvalidTaskError, TaskResultDoesNotExist

from rapport.kernel.ids import as_id
from rapport.kernel.jobs.context import JobContext
from rapport.kernel.jobs.models import Job
from rapport.kernel.jobs.tasks import declare, declared, insert_job

_STATUS = {
    Job.Status.READY: TaskResultStatus.READY,
    Job.Status.RUNNING: TaskResultStatus.RUNNING,
    Job.Status.DONE: TaskResultStatus.SUCCESSFUL,
    Job.Status.FAILED: TaskResultStatus.FAILED,
    Job.Status.STOPPED: TaskResultStatus.FAILED,
}
_NOT_BY_NAME = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.VAR_POSITIONAL)

_tasks: dict[str, Task] = {}


class JobFailed(Exception):
    """Stands for whatever a job raised; the traceback names the real error."""


class JobBackend(BaseTaskBackend):
    """The django-tasks backend over our queue: delay, priority, results, async functions."""

    supports_defer = True
    supports_priority = True
    supports_get_result = True
    supports_async_task = True

    def validate_task(self, task: Task) -> None:
        """Check a function as it is declared, and put it into the registry of what may run."""
        super().validate_task(task)
        if declared(task.module_path) is not None:
            return
        wrong = [p.name for p in inspect.signature(task.func).parameters.values() if p.kind in _NOT_BY_NAME]
        if wrong:
            raise InvalidTaskError(f"Arguments of a task are stored by name; {wrong} cannot be given so.")

        def call(ctx: JobContext, args: dict[str, object]) -> object:
            if task.takes_context:
                return task.call(TaskContext(task_result=self._result(ctx.job, task)), **args)
            return task.call(**args)

        declare(task.module_path, task.func, call, priority=task.priority)
        _tasks[task.module_path] = task

    def enqueue(self, task: Task, args: Sequence[object], kwargs: Mapping[str, object]) -> TaskResult:
        """Add a job in the caller's transaction."""
        self.validate_task(task)
        found = declared(task.module_path)
        if found is None:
            raise InvalidTaskError(f"{task.module_path} is not declared.")
        first = (None,) if task.takes_context else ()
        bound = inspect.signature(task.func).bind(*first, *args, **kwargs)
        by_name = {name: value for name, value in bound.arguments.items() if not (first and name == "context")}
        variable = [p.name for p in bound.signature.parameters.values() if p.kind is inspect.Parameter.VAR_KEYWORD]
        for name in variable:
            by_name.update(by_name.pop(name, {}))
        job = insert_job(found, by_name, run_after=task.run_after, priority=task.priority)
        return self._result(job, task)

    def get_result(self, result_id: str) -> TaskResult:
        """The state of a job that was enqueued through django-tasks."""
        known_id = as_id(result_id)
        job = None if known_id is None else Job.objects.filter(pk=known_id).first()
        task = None if job is None else _tasks.get(job.task)
        if job is None or task is None:
            raise TaskResultDoesNotExist(result_id)
        return self._result(job, task)

    def _result(self, job: Job, task: Task) -> TaskResult:
        failed = bool(job.error)
        error = TaskError(exception_class_path=f"{__name__}.{JobFailed.__name__}", traceback=job.error)
        result: TaskResult = TaskResult(
            task=task,
            id=str(job.pk),
            status=_STATUS[Job.Status(job.status)],
            enqueued_at=job.created_at,
            started_at=None,
            finished_at=job.finished_at,
            last_attempted_at=None,
            args=[],
            kwargs=dict(job.args),
            backend=self.alias,
            errors=[error] if failed else [],
            worker_ids=[job.worker] * job.attempts,
        )
        object.__setattr__(result, "_return_value", job.result)  # how django-tasks has its backends set it
        return result
