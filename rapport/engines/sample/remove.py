"""Removing a sample workspace with everything in it; a real workspace is refused."""

from __future__ import annotations

from django.apps import apps
from django.db import connection, models, transaction
from django.utils.translation import gettext as _

from rapport.kernel.access.current import unscoped, use_workspace
from rapport.kernel.access.models import Account, User, Workspace
from rapport.kernel.errors import Refused


def remove_sample_workspace(workspace: Workspace) -> int:
    """Delete every row of a sample workspace, and the accounts of its people that belong nowhere else.

    Returns how many rows went. Raises Refused for a workspace that holds real data.
    """
    if not workspace.is_sample:
        raise Refused(_("“%(name)s” holds real data and stays; only a sample can be removed.") % {"name": workspace.name})
    with transaction.atomic():
        with use_workspace(workspace):
            accounts = list(User.objects.exclude(account=None).values_list("account_id", flat=True))
            _drop_search_words(workspace)
            gone = sum(_delete(model, "workspace_id", [workspace.pk]) for model in _tables())
        gone += _delete(Workspace, "id", [workspace.pk])
        gone += _delete(Account, "id", [pk for pk in accounts if not _works_elsewhere(pk)])
    return gone


def _tables() -> list[type[models.Model]]:
    """Every table whose rows belong to a workspace. Foreign keys are checked at the end of the transaction on both
    databases, so the order does not matter."""
    found = []
    for model in apps.get_models():
        field = next((f for f in model._meta.concrete_fields if f.attname == "workspace_id"), None)
        if field is not None and field.related_model is Workspace:
            found.append(model)
    return found


def _delete(model: type[models.Model], name: str, ids: list[object]) -> int:
    """Raw SQL: the ORM would load every row to look for cascades that we know (a million rows took minutes), and the
    guarded manager refuses to delete records at all."""
    if not ids:
        return 0
    column = next(f for f in model._meta.concrete_fields if f.attname == name)
    quote = connection.ops.quote_name
    marks = ", ".join(["%s"] * len(ids))
    with connection.cursor() as cursor:
        cursor.execute(
            f"DELETE FROM {quote(model._meta.db_table)} WHERE {quote(column.column)} IN ({marks})",
            [column.get_db_prep_value(i, connection) for i in ids],
        )
        return max(cursor.rowcount, 0)


def _drop_search_words(workspace: Workspace) -> None:
    """SQLite's trigram table knows rows by number only, so they go by the numbers of the entries."""
    if connection.vendor != "sqlite":
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM kernel_search_fts WHERE rowid IN (SELECT id FROM kernel_searchentry WHERE workspace_id = %s)",
            [workspace.pk.hex],
        )


def _works_elsewhere(account_id: object) -> bool:
    """Whether an account is a user of any workspace that is still there."""
    with unscoped("whether an account is somebody in another workspace too"), connection.cursor() as cursor:
        column = User._meta.get_field("account")
        cursor.execute(
            f"SELECT 1 FROM {connection.ops.quote_name(User._meta.db_table)} WHERE account_id = %s LIMIT 1",
            [column.get_db_prep_value(account_id, connection)],
        )
        return cursor.fetchone() is not None
