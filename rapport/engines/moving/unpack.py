"""Reading a workspace back in: in one transaction, under its own ids or, beside itself, under new ones."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID

import orjson
from django.conf import settings
from django.db import IntegrityError, models, transaction

from rapport.engines.backup.container import Backup, reading, room_for
from rapport.engines.backup.problems import BackupProblem
from rapport.engines.moving import ids
from rapport.engines.moving.pack import FACTS
from rapport.engines.moving.sealing_anew import seal_anew
from rapport.engines.moving.tables import columns, from_json, moved
from rapport.kernel.access.current import use_workspace
from rapport.kernel.access.models import Account, User, Workspace
from rapport.kernel.access.walls import models_with_workspace
from rapport.kernel.changes.indexers import index_search
from rapport.kernel.changes.written import Written
from rapport.kernel.context import system_context
from rapport.kernel.files.store import path_of
from rapport.kernel.kinds.file import new_key
from rapport.kernel.records.registry import registry

_BATCH = 1000
#: The name of a file, where a row keeps one.
_KEY = re.compile(rb'("key":")([\w-]+)')


def unpack(path: Path, *, name: str = "", passphrase: str = "") -> Iterator[str]:
    """One line per step. Raises BackupProblem; nothing of it stays then. `name` calls the workspace otherwise."""
    with reading(path, passphrase) as packed:
        facts = packed.manifest
        if facts.get("kind") != "workspace":
            raise BackupProblem(f"{path.name} holds no workspace; a backup is put back with: rapport restore")
        packed.check()
        yield f"{len(packed.parts):,} parts, each as it was put in"
        _know_all(facts)
        room_for(Path(settings.DATA), sum(int(str(one["size"])) for one in packed.parts.values()))
        source = UUID(facts["workspace"]["id"])  # type: ignore[index]
        is_copy = Workspace.objects.filter(pk=source).exists()
        renew = ids.renewed() if is_copy else ids.as_they_are
        keys = _add_files(packed, is_copy=is_copy)
        try:
            with transaction.atomic():
                workspace = _make(facts["workspace"], renew, name)  # type: ignore[arg-type]
                with use_workspace(workspace):
                    yield from _fill(packed, workspace, renew, keys)
                    if is_copy:
                        seal_anew(workspace)
                        yield "it stood here already: this is a copy with ids of its own, its log sealed anew"
                    yield from _let_in(facts["accounts"], renew)  # type: ignore[arg-type]
                    _fence(workspace)
                    _make_findable(workspace)
        except IntegrityError as wrong:
            reason = str(wrong).splitlines()[0]
            raise BackupProblem(f"{path.name} does not fit what is here ({reason}); nothing was changed.") from None
        yield f"“{workspace.name}” is here"


def _know_all(facts: dict[str, object]) -> None:
    known = {model._meta.label for model in moved()}
    unknown = sorted(set(facts["counts"]) - known)  # type: ignore[call-overload]
    if unknown:
        names = ", ".join(unknown[:3])
        raise BackupProblem(f"It holds {names}, which this Rapport does not know; install the same add-ons or version.")


def _make(facts: dict[str, object], renew: Callable[[bytes], bytes], name: str) -> Workspace:
    pk = UUID(renew(str(facts["id"]).encode()).decode())
    given = {key: facts[key] for key in FACTS if key != "id" and key in facts}
    return Workspace.objects.create(pk=pk, **{**given, "name": name or given["name"]})


def _fill(packed: Backup, workspace: Workspace, renew: Callable[[bytes], bytes], keys: dict[bytes, bytes]) -> Iterator[str]:
    """Every table; the references among the rows are checked by the database at the end of the transaction."""
    count = 0
    with tempfile.TemporaryDirectory(prefix="rapport-unpack-") as folder:
        for model in moved():
            part = f"tables/{model._meta.label}.jsonl"
            if part not in packed.parts:
                continue
            path = Path(folder) / "rows.jsonl"
            packed.take(part, path)
            batch: list[models.Model] = []
            with path.open("rb") as file:
                for line in file:
                    batch.append(_row(model, workspace, orjson.loads(_with_keys(renew(line), keys))))
                    count += 1
                    if len(batch) == _BATCH:
                        model._base_manager.bulk_create(batch)
                        batch = []
            model._base_manager.bulk_create(batch)
    yield f"{count:,} rows"


def _row(model: type[models.Model], workspace: Workspace, given: dict[str, object]) -> models.Model:
    made = model(workspace_id=workspace.pk)
    for field in columns(model):
        if field.attname in given:
            setattr(made, field.attname, from_json(field, given[field.attname]))
    return made


def _with_keys(line: bytes, keys: dict[bytes, bytes]) -> bytes:
    """Files of a copy lie under names of their own: what a workspace purges must not take another's file."""
    return _KEY.sub(lambda found: found[1] + keys.get(found[2], found[2]), line) if keys else line


def _add_files(packed: Backup, *, is_copy: bool) -> dict[bytes, bytes]:
    keys = {}
    for part in packed.names("files/"):
        key = part.removeprefix("files/")
        target = new_key() if is_copy else key
        if target != key:
            keys[key.encode()] = target.encode()
        if not path_of(target).exists():
            packed.take(part, path_of(target))
    return keys


def _let_in(accounts: dict[str, str], renew: Callable[[bytes], bytes]) -> Iterator[str]:
    """Users get the account of their address; a new one has no password yet."""
    fresh = 0
    for user_id, email in accounts.items():
        account = Account.objects.filter(email=email.casefold()).first()
        if account is None:
            account = Account(email=email.casefold())
            account.set_unusable_password()
            account.save()
            fresh += 1
        User.objects.filter(pk=renew(user_id.encode()).decode()).update(account=account)
    yield f"{len(accounts)} people may sign in, {fresh} of them after setting a password (rapport owner-link for the first)"


def _fence(workspace: Workspace) -> None:
    """No row may point to a row of another workspace; a file made by hand could."""
    inner = {model for model, _column in models_with_workspace()}
    for model in moved():
        for field in model._meta.concrete_fields:
            target = field.related_model
            if target not in inner:
                continue
            pointing = model._base_manager.filter(workspace_id=workspace.pk).exclude(**{f"{field.attname}": None})
            inside = target._base_manager.filter(workspace_id=workspace.pk)
            if pointing.exclude(**{f"{field.attname}__in": inside.values("pk")}).exists():
                raise BackupProblem(f"A row of {model._meta.label} points outside of its workspace; nothing was changed.")


def _make_findable(workspace: Workspace) -> None:
    """Search entries, from the records."""
    ctx = system_context(workspace, "move")
    for info in registry.all():
        if not info.declared.search:
            continue
        batch = []
        for record in info.model.objects.filter(deleted_at=None).iterator(_BATCH):
            batch.append(Written(info, record, "create", {}))
            if len(batch) == _BATCH:
                index_search(ctx, batch)
                batch = []
        index_search(ctx, batch)


