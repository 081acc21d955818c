"""A list as a file: the same filter, sort and columns, through the export engine."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from importlib import import_module

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from rapport.kernel.access import gate
from rapport.kernel.access.current import use_workspace
from rapport.kernel.errors import Gone, Invalid
from rapport.kernel.records.registry import registry
from rapport.surfaces.web.list_state import read_state


@require_GET
def export_csv(request: HttpRequest, type_key: str) -> HttpResponse:
    """Stream the list as CSV. Needs the right to export; hidden fields are not in it."""
    ctx, info = request.ctx, registry.get(type_key)  # type: ignore[attr-defined]
    gate.demand(ctx, info, "export")
    state = read_state(ctx, info, request.GET.dict())
    if state.error:
        raise Invalid(state.error)
    rows = engine()
    if rows is None:
        raise Gone(_("This installation has no exports."))

    def stream() -> Iterator[bytes]:
        # The response is sent after the middleware left the workspace.
        with use_workspace(ctx.workspace):
            yield from rows(ctx, info, where=state.node, sort=state.sort, fields=state.columns)

    name = slugify(str(info.plural)) or info.key
    response = StreamingHttpResponse(stream(), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response


def engine() -> Callable[..., Iterable[bytes]] | None:
    """The function of the export engine that writes a list as CSV, or None in an installation without it."""
    try:
        return import_module("rapport.engines.exports.csv").csv_rows
    except (ImportError, AttributeError):
        return None
