"""The two tables of background work: jobs to run once, and schedules that enqueue jobs again and again."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone

from rapport.kernel.ids import new_id


class Job(models.Model):
    """One call of a declared task: enqueued in the caller's transaction, claimed by one worker at a time."""

    class Status(models.TextChoices):
        """Where a job stands; ready and running are unfinished, the others are ends."""

        READY = "ready"
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"
        STOPPED = "stopped"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    #: The workspace the task runs in; plain, since jobs may outlive it and some belong to none.
    workspace_id = models.UUIDField(null=True)
    asked_by = models.UUIDField(null=True)
    task = models.CharField(max_length=200)
    args = models.JSONField(default=dict)
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.READY)
    priority = models.SmallIntegerField(default=0)
    run_after = models.DateTimeField(default=timezone.now)
    attempts = models.PositiveSmallIntegerField(default=0)
    max_attempts = models.PositiveSmallIntegerField(default=5)
    lease_until = models.DateTimeField(null=True)
    worker = models.CharField(max_length=100, blank=True)
    #: Idempotency: at most one row ever has a key, finished or not, until it is purged (see `tasks.enqueue`).
    key = models.CharField(max_length=400, null=True)
    progress_done = models.PositiveBigIntegerField(default=0)
    progress_total = models.PositiveBigIntegerField(null=True)
    progress_note = models.CharField(max_length=200, blank=True)
    stop_requested = models.BooleanField(default=False)
    #: Traceback of the last attempt that failed; kept until the job is done.
    error = models.TextField(blank=True)
    result = models.JSONField(null=True)
    created_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        app_label = "kernel"
        constraints = [models.UniqueConstraint(fields=["key"], condition=Q(key__isnull=False), name="job_key_once")]
        indexes = [
            # The poll asks for the earliest, the claim for the most urgent; both only among ready rows, which are few.
            models.Index(fields=["run_after"], condition=Q(status="ready"), name="job_ready_due"),
            models.Index(fields=["-priority", "run_after", "id"], condition=Q(status="ready"), name="job_ready_order"),
            models.Index(fields=["lease_until"], condition=Q(status="running"), name="job_running_lease"),
            models.Index(fields=["finished_at"], condition=Q(finished_at__isnull=False), name="job_finished"),
        ]

    def __str__(self) -> str:
        return f"{self.task} {self.id}"

    @property
    def is_finished(self) -> bool:
        """The job is at an end; a failed or stopped one can be retried."""
        return self.status in (self.Status.DONE, self.Status.FAILED, self.Status.STOPPED)


class Schedule(models.Model):
    """A task that is enqueued again and again: every so many seconds, or daily at a time of the installation's zone."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField(max_length=200, unique=True)
    workspace_id = models.UUIDField(null=True)
    task = models.CharField(max_length=200)
    args = models.JSONField(default=dict)
    every_seconds = models.PositiveIntegerField(null=True)
    daily_at = models.TimeField(null=True)
    next_run = models.DateTimeField()
    #: The job of the last turn: while it is unfinished a turn is skipped, so slow work never piles up.
    last_job_id = models.UUIDField(null=True)

    class Meta:
        app_label = "kernel"
        constraints = [
            models.CheckConstraint(
                condition=Q(every_seconds__gt=0, daily_at__isnull=True)
                | Q(every_seconds__isnull=True, daily_at__isnull=False),
                name="schedule_every_or_daily",
            )
        ]
        indexes = [models.Index(fields=["next_run"], name="schedule_next_run")]

    def __str__(self) -> str:
        return self.name
