"""Writing a workspace: a file of JSON lines per table, the uploaded files, and a manifest."""

from __future__ import annotations

import datetime as dt
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import orjson
from django.conf import settings
from django.db import connection, transaction

from rapport import __version__
from rapport.engines.backup.container import Progress, writing
from rapport.engines.moving.tables import moved, rows
from rapport.kernel.access.current import use_workspace
from rapport.kernel.access.models import User, Workspace
from rapport.kernel.files.models import FileUpload

#: What of the workspace's own row goes along.
FACTS = (
    "id", "name", "currency", "country", "language", "time_zone", "change_number", "change_hash", "is_sample", "local_sign_in",
    "endless_tokens",
)  # fmt: skip


def pack(
    workspace: Workspace, out: Path, *, passphrase: str = "", progress: Progress = lambda share, count: None
) -> dict[str, object]:
    """Write everything of the workspace as of one moment; returns the manifest's facts. No password and no secret is in it."""
    out.parent.mkdir(parents=True, exist_ok=True)
    beside = tempfile.TemporaryDirectory(dir=out.parent, prefix=".rapport-pack-")
    with writing(out, passphrase) as (writer, facts), beside as folder:
        counts: dict[str, int] = {}
        with use_workspace(workspace), _one_moment():
            living = Workspace.objects.get(pk=workspace.pk)
            models = moved()
            for number, model in enumerate(models, 1):
                path = Path(folder) / "rows.jsonl"
                with path.open("wb") as file:
                    for batch in rows(model, workspace.pk):
                        file.writelines(orjson.dumps(row) + b"\n" for row in batch)
                        counts[model._meta.label] = counts.get(model._meta.label, 0) + len(batch)
                writer.add(f"tables/{model._meta.label}.jsonl", path, pack=True)
                progress(number / len(models), number)
            accounts = {
                str(pk): email
                for pk, email in User.objects.filter(account__isnull=False).values_list("pk", "account__email")
            }
            for key in FileUpload.objects.filter(workspace_id=workspace.pk).values_list("key", flat=True).iterator(1000):
                path = Path(settings.DATA) / "files" / key[:2] / key
                if path.is_file():
                    writer.add(f"files/{key}", path, pack=False)
        facts |= {
            "kind": "workspace", "version": __version__, "created_at": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
            "workspace": {name: orjson.loads(orjson.dumps(getattr(living, name))) for name in FACTS}, "counts": counts,
            "accounts": accounts,
        }  # fmt: skip
    return facts


@contextmanager
def _one_moment() -> Iterator[None]:
    """Read as of one moment without keeping anybody from writing."""
    if connection.in_atomic_block:  # whoever opened the transaction has chosen the moment
        yield
        return
    if connection.vendor != "sqlite":
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            yield
        return
    # Django's own transactions on SQLite are IMMEDIATE: they would hold up every writer until the end.
    with connection.cursor() as cursor:
        cursor.execute("BEGIN DEFERRED")
        try:
            yield
        finally:
            cursor.execute("ROLLBACK")
