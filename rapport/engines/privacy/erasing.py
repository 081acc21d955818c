"""Erasing a person: their fields, what is about them alone, the words in the change log, search entries and files.

This goes around the write door on purpose, because the door would keep the old values in the change log. Everything
happens in one transaction and leaves an entry in the log, a row in `Erasure` and a line in the journal.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING
from uuid import UUID

from django.db import models, transaction
from django.utils.translation import gettext as _

from rapport.engines.duplicates.forgetting import forget_doubles, merged_into
from rapport.engines.imports.models import ImportedLine
from rapport.engines.livechat.talking import forget_talks
from rapport.engines.mail.forgetting import forget_person
from rapport.engines.portal.accounts import forget_guests
from rapport.engines.privacy.blanks import blanked, hashed, without_names
from rapport.engines.privacy.holdings import Holdings, holdings
from rapport.engines.privacy.journal import write_down
from rapport.engines.privacy.models import Erasure
from rapport.engines.privacy.redacting import redact
from rapport.engines.privacy.registry import DELETE, HASH, Subject, forget_rows, retention_of, subject_of, treatment_of
from rapport.engines.privacy.stored_files import file_keys, remove_files
from rapport.engines.programs.keeping import forget_records
from rapport.engines.timeline.models import TimelineLink
from rapport.engines.webhooks.desk import forget_messages
from rapport.kernel.changes.events import note_event
from rapport.kernel.changes.unit import unit_of_work
from rapport.kernel.changes.values import now, read_value
from rapport.kernel.changes.verify import ERASED, REDACTED
from rapport.kernel.errors import Invalid
from rapport.kernel.files.models import FileUpload
from rapport.kernel.query import search
from rapport.kernel.query.models import IndexedValue
from rapport.kernel.records.model import Record
from rapport.kernel.records.registry import TypeInfo, registry
from rapport.kernel.text_folding import fold

if TYPE_CHECKING:
    from rapport.kernel.context import Context

_SOME = 1_000


def erased_name(record_id: UUID) -> str:
    """What an erased person is called from then on."""
    return _("Erased person %(id)s") % {"id": record_id.hex[-8:]}


def erase_subject(ctx: Context, record: Record, *, reason: str) -> Erasure:
    """Erase all personal data of a person but what a law keeps. It cannot be undone. The caller asked for the right."""
    info = registry.of(record)
    subject = subject_of(info, record)
    if subject is None:
        raise Invalid(_("Only the data of a person can be erased."), code="no_person")
    with unit_of_work(ctx):
        work = _Work(ctx, info, record, subject)
        work.go()
        erasure = work.remember(reason)
    return erasure


class _Work:
    """One erasure from start to end, inside the open unit of work."""

    def __init__(self, ctx: Context, info: TypeInfo, record: Record, subject: Subject) -> None:
        self.ctx, self.info, self.record, self.subject = ctx, info, record, subject
        self.name = erased_name(record.pk)
        self.words = _identifying(info, record)
        self.counts: Counter[str] = Counter()
        self.files: list[str] = []
        self.touched: set[UUID] = set()
        self.kept_until: dt.date | None = None

    def go(self) -> None:
        """Related records first, then the person, then every trace of either."""
        found = holdings(self.ctx.as_system("erase"), self.info, self.record)
        gone: Holdings = {}
        for key, ids in found.items():
            info = registry.get(key)
            for record in _in_portions(info, ids):
                if self._treat(info, record):
                    gone.setdefault(key, set()).add(record.pk)
        _delete(gone)
        for key, ids in gone.items():
            self.counts[f"{key} deleted"] += len(ids)
        # A record that was merged into this one is the same person.
        for one in [self.record, *merged_into(self.ctx, self.info, self.record.pk)]:
            self._person(one)
        self._traces({pk for ids in gone.values() for pk in ids})

    def _treat(self, info: TypeInfo, record: Record) -> bool:
        """Do to a related record what its type says; True when it is to be deleted."""
        self.touched.add(record.pk)
        law = retention_of(info.key)
        until = law.keeps_until(self.ctx, record) if law else None
        treatment = treatment_of(info.key)
        if until is not None:
            self.kept_until = min(until, self.kept_until or until)
            self.counts[f"{info.key} kept"] += 1
            self.files += file_keys(info, [record])
            _save(info, record, without_names(info, record, self.words, self.name))
            return False
        if treatment.how == HASH:
            self.counts[f"{info.key} hashed"] += 1
            values = hashed(info, record, treatment.hashed)
            self.files += file_keys(info, [record])
            _save(info, record, values)
            return False
        self.files += file_keys(info, [record])
        if treatment.how == DELETE:
            return True
        self.counts[f"{info.key} emptied"] += 1
        _save(info, record, blanked(info, title=self.name))
        return False

    def _person(self, record: Record) -> None:
        self.touched.add(record.pk)
        self.files += file_keys(self.info, [record])
        values = blanked(self.info, title=self.name, everything=True, keeps=self.subject.keeps)
        _save(self.info, record, values)
        self.counts[f"{self.info.key} emptied"] += 1

    def _traces(self, gone: set[UUID]) -> None:
        """What was derived from the records: search, value index, timeline, import memory, what was sent to
        programs, the words of the log."""
        for some in _portions(self.touched):
            search.forget(some)
            IndexedValue.objects.filter(workspace_id=self.ctx.workspace.pk, record_id__in=some).delete()
            ImportedLine.objects.filter(workspace_id=self.ctx.workspace.pk, record_id__in=some).delete()
            forget_doubles(self.ctx, some)
            forget_messages(self.ctx.workspace.pk, some)
            forget_records(self.ctx.workspace.pk, some)
            forget_guests(self.ctx.workspace.pk, some)
            forget_rows(self.ctx.workspace.pk, some)
            forget_talks(self.ctx.workspace.pk, some)
        for some in _portions(gone):
            TimelineLink.objects.filter(workspace_id=self.ctx.workspace.pk, entry_id__in=some).delete()
            TimelineLink.objects.filter(workspace_id=self.ctx.workspace.pk, story_id__in=some).delete()
        forget_person(self.ctx.workspace.pk, self.words)
        self.counts["log entries"] = redact(self.ctx.workspace, self.touched, self.words)
        self.counts["files"] = len(self.files)
        FileUpload.objects.filter(workspace_id=self.ctx.workspace.pk, key__in=self.files).delete()

    def remember(self, reason: str) -> Erasure:
        """The entry in the log, the row and the line of the journal; files go when all this is certain."""
        erasure = Erasure.objects.create(
            workspace=self.ctx.workspace, type=self.info.key, record_id=self.record.pk, at=now(),
            actor_id=self.ctx.actor_id, actor_name=self.ctx.actor_name, reason=reason, counts=dict(self.counts),
            kept_until=self.kept_until,
        )  # fmt: skip
        note_event(
            self.ctx, ERASED, self.record, reason=reason, counts=dict(self.counts),
            **{REDACTED: self.counts["log entries"]},
        )  # fmt: skip
        files = list(self.files)
        transaction.on_commit(lambda: write_down(erasure))
        transaction.on_commit(lambda: remove_files(files))
        return erasure


def _identifying(info: TypeInfo, record: Record) -> list[str]:
    """What names the person in other people's texts: name, addresses, numbers; the longest first."""
    found: set[str] = set()
    for one in info.fields.values():
        if one.key != info.declared.title and one.kind.key not in ("email", "one_email", "phone"):
            continue
        value = read_value(record, one)
        for entry in value if isinstance(value, list) else [value]:
            text = entry.get("value") if isinstance(entry, dict) else entry
            if isinstance(text, str) and len(text.strip()) > 3:
                found.add(text.strip())
    return sorted(found, key=len, reverse=True)


def _save(info: TypeInfo, record: Record, values: Mapping[str, object]) -> None:
    """Write columns past the door; whoever still has the old version on a form meets a conflict."""
    title = values.get(info.declared.title)
    more: dict[str, object] = {"title_key": fold(title)[:200]} if isinstance(title, str) else {}
    info.model.objects.filter(pk=record.pk).update(
        **values, **more, version=models.F("version") + 1, updated_at=now()
    )
    record.refresh_from_db()


def _delete(gone: Holdings) -> None:
    """Delete rows for good, and whatever cannot be without them; what can is let go."""
    waiting = [(registry.get(key), set(ids)) for key, ids in gone.items()]
    rows: list[tuple[TypeInfo, set[UUID]]] = []
    while waiting:
        info, ids = waiting.pop()
        rows.append((info, ids))
        for relation in info.model._meta.related_objects:
            other = relation.related_model
            if not (isinstance(other, type) and issubclass(other, Record)):
                continue
            pointing = other.objects.filter(**{f"{relation.field.name}__in": ids})
            if relation.field.null:
                pointing.update(**{relation.field.name: None})
                continue
            known = gone.setdefault(registry.of(other).key, set())
            more = set(pointing.values_list("pk", flat=True)) - known
            if more:
                known |= more
                waiting.append((registry.of(other), more))
    for info, ids in rows:
        for some in _portions(ids):
            # Straight to the table: every row that points here was dealt with above.
            info.model.objects.filter(pk__in=some)._raw_delete(info.model.objects.db)


def _in_portions(info: TypeInfo, ids: Iterable[UUID]) -> Iterable[Record]:
    for some in _portions(ids):
        yield from info.model.objects.filter(pk__in=some)


def _portions(ids: Iterable[UUID]) -> Iterable[list[UUID]]:
    every = sorted(ids)
    for at in range(0, len(every), _SOME):
        yield every[at : at + _SOME]
