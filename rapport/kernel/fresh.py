"""Making the tables of an empty database at once, as all migrations one after the other would leave them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.operations import CreateModel, RunPython, RunSQL, SeparateDatabaseAndState

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper
    from django.db.backends.base.schema import BaseDatabaseSchemaEditor
    from django.db.migrations.state import ProjectState


def is_empty(connection: BaseDatabaseWrapper) -> bool:
    """Whether there is no table at all; where there is one, only steps lead on."""
    with connection.cursor() as cursor:
        return not connection.introspection.table_names(cursor)


def build(connection: BaseDatabaseWrapper) -> None:
    """Make every table, index and constraint, run what migrations run beside them, and note all of them as applied.

    In one transaction, so that a start that is killed leaves the database empty. Raises NotImplementedError for a migration with
    SQL of its own: say what it does to a database without rows, here or in Python.
    """
    executor = MigrationExecutor(connection)
    plan = [migration for migration, _backwards in executor.migration_plan(executor.loader.graph.leaf_nodes())]
    state = executor.loader.project_state()
    with connection.schema_editor(atomic=True) as editor:
        _make_tables(editor, state, [(one.app_label, op) for one in plan for op in one.operations])
        # Indexes and references that wait until all tables are there.
        for statement in editor.deferred_sql:
            editor.execute(statement)
        editor.deferred_sql.clear()
        for one in plan:
            for operation in one.operations:
                _run(operation, state, editor)
        editor.create_model(executor.recorder.Migration)
        for one in plan:
            executor.recorder.record_applied(one.app_label, one.name)


def _make_tables(editor: BaseDatabaseSchemaEditor, state: ProjectState, operations: list[tuple[str, object]]) -> None:
    """In the order in which migrations make them, each as it is in the end."""
    for app_label, operation in operations:
        if not isinstance(operation, CreateModel) or (app_label, operation.name_lower) not in state.models:
            continue
        model = state.apps.get_model(app_label, operation.name)
        if model._meta.can_migrate(editor.connection):
            editor.create_model(model)


def _run(operation: object, state: ProjectState, editor: BaseDatabaseSchemaEditor) -> None:
    if isinstance(operation, RunSQL | SeparateDatabaseAndState):
        raise NotImplementedError(f"{operation.describe()}: what does it do to an empty database?")
    if isinstance(operation, RunPython) and operation.code is not RunPython.noop:
        operation.code(state.apps, editor)
