"""The second wall on PostgreSQL: with the guarded manager circumvented, another workspace's rows are not there.

These tests go around the code's own guard on purpose (a plain QuerySet, raw SQL): what they meet is row-level security.
"""

from __future__ import annotations

import psycopg
import pytest
from django.apps import apps
from django.db import DatabaseError, connection, models, transaction
from django.db.models import QuerySet

from rapport.kernel.access import walls
from rapport.kernel.access.current import no_workspace, unscoped, use_workspace
from rapport.kernel.access.models import ApiToken, User
from rapport.kernel.changes.models import Change
from rapport.kernel.jobs.models import Job
from rapport.kernel.query.models import IndexedValue
from rapport.kernel.records.registry import registry
from tests.access.people import owned_by
from tests.cast import Cast
from tests.factory import make

pytestmark = pytest.mark.postgres_only


def _with_workspace() -> list[type[models.Model]]:
    return [
        m for m in apps.get_models(include_auto_created=True) if any(f.column == "workspace_id" for f in m._meta.concrete_fields)
    ]


@pytest.fixture
def two(cast: Cast) -> Cast:
    """Both workspaces with a record of every type, tokens and jobs."""
    for place, who in ((cast.home, "ana"), (cast.away, "dea")):
        with use_workspace(place):
            ctx = cast.ctx(who)
            for key in ("customer", "deal", "lead", "task"):
                make(ctx, key)
            cast.token(who)
            Job.objects.create(workspace_id=place.pk, task="x")
    return cast


def test_every_table_with_a_workspace_has_the_wall(db: None) -> None:
    """By the database's own catalogue, for every model of every app: enabled, forced on the owner, one set of policies."""
    tables = {m._meta.db_table for m in _with_workspace()}
    assert len(tables) >= 20 and tables == {wall.table for wall in walls.walls()}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class JOIN pg_attribute ON attrelid = oid AND attname = 'workspace_id' AND NOT attisdropped "
            "WHERE relkind IN ('r', 'p') AND pg_table_is_visible(oid) AND NOT (relrowsecurity AND relforcerowsecurity)"
        )
        assert cursor.fetchall() == []
        cursor.execute("SELECT tablename, count(*) FROM pg_policies WHERE schemaname = current_schema() GROUP BY tablename")
        counts = dict(cursor.fetchall())
    assert {table: 4 if table in walls.OPEN_FOR_READING else 1 for table in tables} == counts
    assert walls.without_wall() == []


def test_the_only_table_open_for_reading_is_the_reviewed_one(db: None) -> None:
    """Whoever opens another decides it here."""
    assert set(walls.OPEN_FOR_READING) == {"kernel_searchentry"}


def test_a_missing_or_widened_wall_is_noticed_and_mended(db: None) -> None:
    """A policy dropped, a second one added, security switched off: each is seen, and the next migrate mends it."""
    for harm in (
        "DROP POLICY rapport_wall ON kernel_change",
        "CREATE POLICY friendly ON kernel_change USING (true)",
        "ALTER TABLE kernel_change NO FORCE ROW LEVEL SECURITY",
        "ALTER TABLE kernel_change DISABLE ROW LEVEL SECURITY",
    ):
        with connection.cursor() as cursor:
            cursor.execute(harm)
        assert walls.without_wall() == ["kernel_change"], harm
        assert walls.build() == ["kernel_change"]
        assert walls.without_wall() == [] == walls.build()


@pytest.mark.parametrize("model", _with_workspace(), ids=lambda m: m._meta.label)
def test_a_foreign_row_is_not_there_for_any_query(two: Cast, model: type[models.Model]) -> None:
    """Inside a workspace every row of every table is of that workspace; outside of any there is none."""
    if model._meta.db_table in walls.OPEN_FOR_READING:
        return
    plain: QuerySet = QuerySet(model)
    with unscoped("test"):
        there = {str(w) for w in plain.values_list("workspace_id", flat=True)}
    for place in (two.home, two.away):
        with use_workspace(place):
            assert {str(w) for w in plain.values_list("workspace_id", flat=True)} <= {str(place.pk)}
            assert not plain.exclude(workspace_id=place.pk).exists()
            assert plain.exists() == (str(place.pk) in there)
    with no_workspace():
        assert not plain.exclude(workspace_id=None).exists()


def test_nothing_can_be_written_into_another_workspace(two: Cast) -> None:
    """Insert, bulk insert, COPY, update of the column, update and delete of a foreign row."""
    away, info = two.away.pk, registry.get("customer")
    mine = owned_by(two, "ana", info)
    plain: QuerySet = QuerySet(info.model)
    with use_workspace(away):
        theirs = plain.values_list("pk", flat=True)[0]
    with pytest.raises(DatabaseError, match="row-level security"), transaction.atomic():
        IndexedValue.objects.bulk_create(
            [IndexedValue(workspace_id=away, type="customer", field="x", key="x", record_id=mine.pk)]
        )
    with pytest.raises(DatabaseError, match="row-level security"), transaction.atomic():
        ApiToken(workspace_id=away, user_id=two.ana.pk, name="x", digest="x").save(force_insert=True)
    with pytest.raises(DatabaseError, match="row-level security"), transaction.atomic():
        plain.filter(pk=mine.pk).update(workspace_id=away)
    with pytest.raises(DatabaseError, match="row-level security"), transaction.atomic():
        Change.objects.filter(record_id=mine.pk).update(workspace_id=away)
    assert plain.filter(pk=theirs).update(title_key="taken") == 0
    assert plain.filter(pk=theirs)._raw_delete(using="default") == 0
    copying = "COPY kernel_indexedvalue (workspace_id, type, field, key, record_id) FROM STDIN"
    with pytest.raises(psycopg.Error, match="COPY FROM not supported"), transaction.atomic(), connection.cursor() as cursor:
        cursor.copy(copying).__enter__()
    with use_workspace(away):
        assert plain.filter(pk=theirs).exclude(title_key="taken").exists()


def test_a_foreign_key_cannot_lead_over_the_wall_when_followed(two: Cast) -> None:
    """A reference to a foreign record (keys are checked without the wall) shows nothing when it is joined."""
    with use_workspace(two.away):
        foreign = QuerySet(User).values_list("pk", flat=True)[0]
    mine = owned_by(two, "ana", registry.get("customer"))
    plain: QuerySet = QuerySet(registry.get("customer").model)
    plain.filter(pk=mine.pk).update(owner_id=foreign)
    assert list(plain.filter(pk=mine.pk).values_list("owner__name", flat=True)) == [None]


def test_the_setting_never_outlives_its_transaction(two: Cast) -> None:
    """Rollback to a savepoint, rollback, error: the server knows the workspace in force, or none."""

    def server_says() -> str:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT current_setting('rapport.workspace', true) || ':' || current_setting('rapport.unscoped', true)"
            )
            return str(cursor.fetchone()[0])

    home, away = str(two.home.pk), str(two.away.pk)
    assert server_says() == f"{home}:"
    with pytest.raises(ZeroDivisionError), transaction.atomic(), use_workspace(two.away):
        assert server_says() == f"{away}:"
        raise ZeroDivisionError
    assert server_says() == f"{home}:"
    with pytest.raises(DatabaseError), transaction.atomic(), use_workspace(two.away), connection.cursor() as cursor:
        cursor.execute("SELECT 1/0")
    assert server_says() == f"{home}:"
    with unscoped("test"):
        assert server_says() == f"{home}:yes"
        with use_workspace(two.away):
            assert server_says() == f"{away}:"
    assert server_says() == f"{home}:"
    with use_workspace(two.away):
        # Told inside a savepoint, undone with it, and wanted again: the connection must not believe that it is known.
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            assert server_says() == f"{away}:"
            raise ZeroDivisionError
        assert server_says() == f"{away}:"
    with no_workspace():
        assert server_says() == ":"
    with transaction.atomic(), use_workspace(two.away):
        server_says()
        transaction.set_rollback(True)
    assert server_says() == f"{home}:"


@pytest.mark.django_db(transaction=True)
def test_nothing_stays_behind_on_a_connection(committed_cast: Cast) -> None:
    """Outside a block each statement is told for itself: what a pooler hands on knows no workspace."""
    raw = connection.connection

    def left_behind() -> object:
        with raw.cursor() as cursor:
            settings = "current_setting('rapport.workspace', true), ''), nullif(current_setting('rapport.unscoped', true), '')"
            workspace, bypass = cursor.execute(f"SELECT nullif({settings}").fetchone()
            assert bypass is None
            return workspace

    for place in (committed_cast.home, committed_cast.away):
        with use_workspace(place):
            names = set(QuerySet(User).values_list("workspace_id", flat=True))
            assert names == {place.pk}
            assert left_behind() is None
            with transaction.atomic():
                assert QuerySet(User).exists()
                assert left_behind() == str(place.pk)
            assert left_behind() is None
    with no_workspace(), unscoped("test"):
        assert len(set(QuerySet(User).values_list("workspace_id", flat=True))) == 2
    assert left_behind() is None
    with connection.cursor() as cursor:
        cursor.executemany(
            "UPDATE kernel_user SET language = %s WHERE id = %s", [("en", committed_cast.ana.pk), ("en", committed_cast.dea.pk)]
        )
    assert left_behind() is None
    assert QuerySet(User).filter(language="en").count() == 1


def test_a_migrations_data_step_sees_every_workspace(two: Cast) -> None:
    """Otherwise it would mend nothing, silently."""
    with no_workspace(), connection.schema_editor(atomic=False):
        assert len(set(QuerySet(User).values_list("workspace_id", flat=True))) == 2
    with no_workspace():
        assert not QuerySet(User).exists()
