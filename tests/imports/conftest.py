"""A file, an import of it, and what is in the workspace afterwards."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from rapport.engines.imports.mapping import mapping_of
from rapport.engines.imports.run import Report, Wish, import_file
from rapport.kernel.context import Context
from rapport.kernel.records.registry import registry
from tests.cast import Cast

Importer = Callable[..., Report]


@pytest.fixture
def bring(cast: Cast, tmp_path: Path) -> Importer:
    """Import text or bytes: bring("name\\nFern\\n", as_="customer", match="name", who="ben", mapping={...})."""

    def run(
        content: str | bytes, as_: str = "customer", *, who: str = "ana", mapping: dict[str, object] | None = None,
        match: str = "", name: str = "file.csv", ctx: Context | None = None, dry_run: bool = False, encoding: str = "",
    ) -> Report:  # fmt: skip
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        wish = Wish(
            path, type=as_, mapping=mapping_of(mapping) if mapping else None, match=match, dry_run=dry_run, encoding=encoding
        )
        return import_file(ctx or cast.ctx(who, "cli"), wish)

    return run


def names(type_key: str = "customer") -> list[str]:
    """Names of all living records of a type, sorted."""
    return sorted(registry.get(type_key).model.objects.filter(deleted_at=None).values_list("name", flat=True))
