"""The trigram index of the search box: an FTS5 table on SQLite, a GIN index on PostgreSQL."""

from __future__ import annotations

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def make(apps: object, editor: BaseDatabaseSchemaEditor) -> None:
    """Create what the database at hand has for trigrams."""
    if editor.connection.vendor == "sqlite":
        # contentless: the text stands in kernel_searchentry already; needs SQLite 3.43 for deletes.
        editor.execute(
            "CREATE VIRTUAL TABLE kernel_search_fts USING fts5(text, content='', contentless_delete=1, tokenize='trigram')"
        )
        return
    editor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    editor.execute("CREATE INDEX search_text_gin ON kernel_searchentry USING gin (text gin_trgm_ops)")


def drop(apps: object, editor: BaseDatabaseSchemaEditor) -> None:
    """Remove it again."""
    if editor.connection.vendor == "sqlite":
        editor.execute("DROP TABLE kernel_search_fts")
    else:
        editor.execute("DROP INDEX search_text_gin")


class Migration(migrations.Migration):
    """Reversible; the index is rebuilt from the entries by writing them again."""

    dependencies = [("kernel", "0001_initial")]
    operations = [migrations.RunPython(make, drop)]
