"""The base of every record: one table row that belongs to one workspace, has an owner, a version and a past."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from rapport.kernel.access.current import current_workspace_id
from rapport.kernel.errors import NoWorkspace
from rapport.kernel.ids import new_id

ALIVE = Q(deleted_at__isnull=True)


class KeyField(models.CharField):
    """Folded text compared byte by byte, alike on both databases, so that prefix ranges and keyset pages use the index."""

    def db_type(self, connection: object) -> str:
        """varchar with the "C" collation on PostgreSQL; SQLite compares bytes anyway."""
        plain = super().db_type(connection)
        return f'{plain} COLLATE "C"' if connection.vendor == "postgresql" else plain  # type: ignore[attr-defined]


class GuardedManager(models.Manager):
    """Default and base manager of records: sees only the workspace in force and raises outside of one.

    It is the base manager too, so that following a reference or refreshing a row cannot step over the wall either.
    """

    use_in_migrations = False

    def get_queryset(self) -> models.QuerySet:
        """Rows of the workspace in force."""
        return super().get_queryset().filter(workspace_id=current_workspace_id())


class Record(models.Model):
    """Whatever a company keeps in Rapport. Only `kernel/changes` writes records (a test reads the code for it)."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    workspace = models.ForeignKey("kernel.Workspace", models.CASCADE, related_name="+", db_index=False, editable=False)
    owner = models.ForeignKey(
        "kernel.User", models.PROTECT, null=True, blank=True, related_name="+", db_index=False, verbose_name=_("owner")
    )
    team = models.ForeignKey(
        "kernel.Team", models.PROTECT, null=True, blank=True, related_name="+", db_index=False, verbose_name=_("team")
    )
    custom = models.JSONField(default=dict, blank=True, editable=False)
    external_id = models.CharField(_("external id"), max_length=100, blank=True)
    title_key = KeyField(max_length=200, blank=True, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)
    created_at = models.DateTimeField(_("created"), editable=False)
    created_by = models.ForeignKey(
        "kernel.User", models.PROTECT, null=True, related_name="+", db_index=False, editable=False,
        verbose_name=_("created by"),
    )  # fmt: skip
    updated_at = models.DateTimeField(_("last changed"), editable=False)
    deleted_at = models.DateTimeField(null=True, editable=False)

    objects = GuardedManager()

    class Meta:
        abstract = True
        base_manager_name = "objects"
        default_manager_name = "objects"

    def delete(self, *args: object, **kwargs: object) -> tuple[int, dict[str, int]]:
        """Refused: records are deleted through the write door, which keeps them in the bin."""
        raise NoWorkspace("Use ctx.delete(): records leave through the write door only.")

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.pk}>"


def is_indexed(model: type[models.Model], *names: str) -> bool:
    """Whether an index of the model begins with these fields, in their order."""
    return any(list(index.fields[: len(names)]) == list(names) for index in model._meta.indexes)


def record_indexes(prefix: str, *sorts: str | tuple[str, ...]) -> list[models.Index]:
    """The indexes of a record table: those every type needs, plus one for each field that lists may sort by.

    Each is partial (rows in the bin stay out) and starts with the workspace, ending with the id for keyset pages.
    A tuple asks for a wider index, such as ("stage", "close_on"); what stands behind an "id" of its own is only tested
    there, so that rows that do not fit are never fetched.
    """
    plain: Iterable[tuple[str, ...]] = [("title_key",), ("owner",), ("team", "title_key"), ("updated_at",)]
    wanted = [*plain, *[(s,) if isinstance(s, str) else s for s in sorts]]
    made = []
    for names in wanted:
        fields = ["workspace", *names, *(() if "id" in names else ("id",))]
        made.append(models.Index(fields=fields, name=f"{prefix}_{'_'.join(names)}"[:27] + "_ix", condition=ALIVE))
    made.append(models.Index(fields=["workspace", "id"], name=f"{prefix}_id_ix", condition=ALIVE))
    made.append(
        models.Index(
            fields=["workspace", "external_id"], name=f"{prefix}_external_ix", condition=ALIVE & ~Q(external_id="")
        )
    )
    return made
