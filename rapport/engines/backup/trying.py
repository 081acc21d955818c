"""Whether a restored database works: tried by a process of its own whose data folder is the restored one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.test import Client

from rapport.engines.backup.databases import own_facts
from rapport.engines.backup.problems import BackupProblem
from rapport.kernel.access import walls
from rapport.kernel.access.accounts import owners_who_sign_in, users_of
from rapport.kernel.access.current import use_workspace
from rapport.kernel.access.models import Workspace
from rapport.kernel.changes.verify import verify_log
from rapport.kernel.context import context_for
from rapport.kernel.files.models import FileUpload
from rapport.kernel.query.read import read_page
from rapport.kernel.query.search import search
from rapport.kernel.records.registry import registry


def try_out(facts_path: Path) -> Iterator[str]:
    """One line per proof: counts, migration to this version, audit logs, files, a sign-in, a search. Raises BackupProblem."""
    facts = json.loads(facts_path.read_text(encoding="utf-8"))
    found = own_facts()
    if found["counts"] != facts["counts"]:
        wrong = [table for table, count in facts["counts"].items() if found["counts"].get(table) != count]  # type: ignore[attr-defined]
        raise BackupProblem(f"The restored database has not the rows it should have ({', '.join(wrong[:3])}).")
    yield f"{sum(facts['counts'].values()):,} rows in {len(facts['counts'])} tables, as counted when it was made"
    call_command("migrate", interactive=False, verbosity=0)
    walls.build()
    yield "brought up to this version"
    spaces = list(Workspace.objects.order_by("name", "pk"))
    for space in spaces:
        verdict = verify_log(space)
        if not verdict.is_whole:
            raise BackupProblem(f"The audit log of “{space.name}” is broken at number {verdict.broken_at}: {verdict.problem}.")
    yield f"audit logs of {len(spaces)} workspaces, whole"
    yield f"{_files(spaces):,} files, each with its receipt"
    yield from _sign_in_and_search(spaces)


def _files(spaces: list[Workspace]) -> int:
    count = 0
    for space in spaces:
        with use_workspace(space):
            for key in FileUpload.objects.filter(workspace_id=space.pk).values_list("key", flat=True).iterator(1000):
                if not (Path(settings.DATA) / "files" / key[:2] / key).is_file():
                    raise BackupProblem(f"A file of “{space.name}” is missing ({key[:8]}…).")
                count += 1
    return count


def _sign_in_and_search(spaces: list[Workspace]) -> Iterator[str]:
    settings.ALLOWED_HOSTS = ["testserver"]
    settings.SECURE_SSL_REDIRECT = False
    if Client().get("/sign-in/").status_code != 200:
        raise BackupProblem("The sign-in page of the restored installation does not answer.")
    for space in spaces:
        with use_workspace(space):
            owner = owners_who_sign_in().first()
        if owner is None:
            continue
        client = Client()
        client.force_login(owner.account)
        if client.get("/livez").status_code != 200 or users_of(owner.account) == []:
            raise BackupProblem(f"The owner of “{space.name}” could not sign in.")
        client.logout()
        with use_workspace(space):
            ctx = context_for(owner, "cli", workspace=space)
            for info in registry.all():
                rows = read_page(ctx, info, limit=1, fields=[info.title_field.key]).rows if info.declared.search else []
                title = str(rows[0].values.get(info.title_field.key) or "") if rows else ""
                if len(title) > 3 and not any(hit.id == rows[0].id for hit in search(ctx, title, limit=50, only=info.key)):
                    raise BackupProblem(f"Search does not find “{title[:40]}” in the restored installation.")
    yield "an owner signs in, search finds what is there"
