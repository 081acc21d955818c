"""Looking for pairs among all records of a type: keys, blocks, comparing, in constant memory, to be stopped and gone on with.

A first scan reads everything; later ones look only at what the change log says changed since, unless that is much.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q

from rapport.engines.duplicates.comparing import MOST_IN_ALL, MOST_IN_BLOCK, Comparing
from rapport.engines.duplicates.evidence import LIKELY, Evidence
from rapport.engines.duplicates.finding import find_for
from rapport.engines.duplicates.keys import hashed, keys_of
from rapport.engines.duplicates.kin_scanning import scan_kin
from rapport.engines.duplicates.models import DuplicatePair, DuplicateScan
from rapport.engines.duplicates.registry import Identity, identity_of, kin_of
from rapport.engines.duplicates.scan_log import FEW, Watch, changed_since, last_change
from rapport.engines.duplicates.scratch import Row, Scratch
from rapport.engines.duplicates.traits import named_of, traits_of
from rapport.kernel.access.models import Workspace
from rapport.kernel.changes.values import read_value
from rapport.kernel.context import Context, system_context
from rapport.kernel.errors import Gone
from rapport.kernel.records.field import Field
from rapport.kernel.records.registry import TypeInfo, registry

#: Records read, and pairs written, in one go.
READ, WRITTEN = 4_000, 1_000
#: Portions of blocks after which the place is kept and the progress told.
LOOKED = 5
_PORTION = 200


@dataclass
class Progress:
    """What a scan did."""

    records: int = 0
    compared: int = 0
    found: int = 0
    noisy: int = 0
    #: Records found among other types.
    kin: int = 0
    is_whole: bool = True
    is_done: bool = False


def _always(done: int, total: int, step: str) -> bool:
    return True


def scan_type(workspace: Workspace, type_key: str, watch: Watch = _always, *, anew: bool = False) -> Progress:
    """Bring the pairs of a type up to date; call it inside the workspace. `anew` reads everything again."""
    identity = identity_of(type_key)
    if identity is None:
        raise Gone(f"Nothing says what identifies {type_key}.")
    ctx, info = system_context(workspace, "duplicates"), registry.get(type_key)
    state, _made = DuplicateScan.objects.get_or_create(workspace_id=workspace.pk, type=type_key)
    done = None
    if state.began_at_change is None and state.finished_at is not None and not anew:
        changed = changed_since(workspace, info, state.reached)
        if changed is not None:
            done = _Few(ctx, info, state).go(changed, watch)
    if done is None:
        done = _Whole(ctx, info, identity, state).go(watch)
    for kin in kin_of(type_key):
        if done.is_done and kin.other in registry:
            found, done.is_done = scan_kin(ctx, kin, watch, anew=anew)
            done.kin += found
    return done


@dataclass
class _Scan:
    """What both ways of scanning share."""

    ctx: Context
    info: TypeInfo

    def keep(self, found: Sequence[tuple[UUID, UUID, int, list[Evidence]]], scan: int) -> None:
        """Write pairs; what somebody decided about one stays."""
        DuplicatePair.objects.bulk_create(
            [
                DuplicatePair(workspace_id=self.ctx.workspace.pk, type=self.info.key, one_id=one, other_id=other, score=score,
                              evidence=evidence, scan=scan)
                for one, other, score, evidence in found
            ],
            update_conflicts=True, unique_fields=["workspace", "type", "one_id", "other_id"],
            update_fields=["score", "evidence", "scan"], batch_size=WRITTEN,
        )  # fmt: skip

    @property
    def pairs(self):  # type: ignore[no-untyped-def]
        """The pairs of this type."""
        return DuplicatePair.objects.filter(workspace_id=self.ctx.workspace.pk, type=self.info.key)


@dataclass
class _Whole(_Scan):
    """A scan of every record, through a scratch file."""

    identity: Identity
    state: DuplicateScan

    def go(self, watch: Watch) -> Progress:
        """Read, sort, compare; each portion is kept, so that the next attempt goes on from there."""
        if self.state.began_at_change is None:
            self._remove_scratch()
            self.state.began_at_change = last_change(self.ctx.workspace)
            self.state.number += 1
            self.state.save()
        scratch = Scratch(self.path)
        done = Progress(noisy=int(scratch.get("noisy") or 0), compared=int(scratch.get("compared") or 0))
        try:
            if not scratch.get("is_read") and not self._read(scratch, watch):
                return done
            done.records = scratch.count
            scratch.sort()
            if not self._compare(scratch, done, watch):
                return done
            self._finish(done)
        finally:
            scratch.close(remove=done.is_done)
        return done

    @property
    def path(self) -> Path:
        """The scratch file of this scan."""
        return Path(settings.DATA) / "tmp" / f"duplicates-{self.ctx.workspace.pk.hex}-{self.info.key}.sqlite3"

    def _remove_scratch(self) -> None:
        for end in ("", "-wal", "-shm"):
            self.path.with_name(self.path.name + end).unlink(missing_ok=True)

    def _read(self, scratch: Scratch, watch: Watch) -> bool:
        last = UUID(scratch.get("read_to")) if scratch.get("read_to") else None
        for portion in self._portions(last):
            scratch.add([row for row in portion if row[2]], portion[-1][0])
            if not watch(scratch.count, 0, "read"):
                return False
        scratch.put("is_read", "yes")
        return True

    def _portions(self, last: UUID | None) -> Iterator[list[Row]]:
        fields = {key: self.info.fields[key] for key in self.identity.fields}
        names = list(dict.fromkeys(name for one in fields.values() for name in one.columns))
        rows = self.info.model.objects.filter(workspace_id=self.ctx.workspace.pk, deleted_at=None).order_by("pk")
        while True:
            some = list((rows if last is None else rows.filter(pk__gt=last)).values_list("pk", *names)[:READ])
            if not some:
                return
            yield [self._row(fields, names, raw) for raw in some]
            last = some[-1][0]

    def _row(self, fields: dict[str, Field], names: list[str], raw: tuple[object, ...]) -> Row:
        at = dict(zip(names, raw[1:], strict=True))
        values = {key: one.kind.load(*(at[name] for name in one.columns)) for key, one in fields.items()}
        traits = traits_of(self.identity, values)
        return raw[0], traits, sorted({hashed(key) for key in keys_of(traits)})  # type: ignore[return-value]

    def _compare(self, scratch: Scratch, done: Progress, watch: Watch) -> bool:
        at = Comparing(named_of(self.identity), scratch.large(MOST_IN_BLOCK), done.compared, done.noisy)
        after = int(scratch.get("compared_to") or -1)
        for portion, (blocks, members) in enumerate(scratch.blocks(after, MOST_IN_ALL), start=1):
            at.look_at(blocks, members)
            if len(at.found) >= WRITTEN or portion % LOOKED == 0:
                key = blocks[-1][0]
                self._keep_place(scratch, done, at, key)
                if not watch(key >> 33, 1 << 30, "compare"):
                    return False
        self._keep_place(scratch, done, at, (1 << 63) - 1)
        return True

    def _keep_place(self, scratch: Scratch, done: Progress, at: Comparing, key: int) -> None:
        # First the pairs, then the place: cut off in between, some pairs are written again, as they are.
        found = at.taken()
        if found:
            with transaction.atomic():
                self.keep(found, self.state.number)
        done.found, done.compared, done.noisy = done.found + len(found), at.compared, at.noisy
        scratch.db.execute("BEGIN")
        scratch.put("compared_to", key)
        scratch.put("compared", done.compared)
        scratch.put("noisy", done.noisy)
        scratch.db.execute("COMMIT")

    def _finish(self, done: Progress) -> None:
        with transaction.atomic():
            self.pairs.filter(state=DuplicatePair.OPEN).exclude(scan=self.state.number).delete()
            self.state.reached, self.state.began_at_change = self.state.began_at_change or 0, None
            self.state.finished_at = dt.datetime.now(dt.UTC)
            self.state.records, self.state.compared, self.state.noisy = done.records, done.compared, done.noisy
            self.state.save()
        done.is_done = True


@dataclass
class _Few(_Scan):
    """A look at the records that changed since the last scan, through the indexes that typing uses."""

    state: DuplicateScan
    #: Misspelt names cost a query or two for each record: asked for when there are not many.
    has_time: bool = True

    def go(self, changed: Sequence[UUID], watch: Watch) -> Progress:
        """Their pairs are dropped and found anew, portion by portion; cut short, the next attempt begins again."""
        done, until = Progress(is_whole=False), last_change(self.ctx.workspace)
        self.has_time = len(changed) <= FEW // 10
        for at in range(0, len(changed), _PORTION):
            self._portion(changed[at : at + _PORTION], done)
            done.records += len(changed[at : at + _PORTION])
            if not watch(done.records, len(changed), "compare"):
                return done
        DuplicateScan.objects.filter(workspace_id=self.ctx.workspace.pk, pk=self.state.pk).update(
            reached=until, finished_at=dt.datetime.now(dt.UTC), compared=F("compared") + done.compared
        )
        done.is_done = True
        return done

    def _portion(self, ids: Sequence[UUID], done: Progress) -> None:
        identity = identity_of(self.info.key)
        assert identity is not None
        fields = {key: self.info.fields[key] for key in identity.fields}
        rows = self.info.model.objects.filter(workspace_id=self.ctx.workspace.pk, pk__in=ids, deleted_at=None)
        records = list(rows.order_by("pk"))
        given = [{key: read_value(record, one) for key, one in fields.items()} for record in records]
        hits = find_for(self.ctx, self.info, given, least=LIKELY, most=50, near_names=self.has_time)
        found: dict[tuple[UUID, UUID], tuple[UUID, UUID, int, list[Evidence]]] = {}
        for record, some in zip(records, hits, strict=True):
            done.compared += len(some)
            for hit in some:
                if hit.id != record.pk:
                    pair = (min(hit.id, record.pk), max(hit.id, record.pk))
                    found[pair] = (*pair, hit.score, list(hit.evidence))
        with transaction.atomic():
            self.pairs.filter(Q(one_id__in=ids) | Q(other_id__in=ids), state=DuplicatePair.OPEN).delete()
            self.keep(list(found.values()), self.state.number)
        done.found += len(found)
