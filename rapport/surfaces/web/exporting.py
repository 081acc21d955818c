"""A list as a file: the same filter, sort and columns, through the export engine."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.utils.text import slugify
from django.views.decorators.http import require_GET

from rapport.engines.exports.formats import FORMATS
from rapport.engines.exports.writing import export_rows
from rapport.kernel.access import gate
from rapport.kernel.errors import Invalid
from rapport.kernel.records.registry import registry
from rapport.surfaces.web.list_state import read_state


@require_GET
def export(request: HttpRequest, type_key: str, format: str) -> HttpResponse:
    """Stream the list as CSV, XLSX, JSON lines or vCards. Needs the right to export; hidden fields are not in it."""
    ctx, info = request.ctx, registry.get(type_key)  # type: ignore[attr-defined]
    gate.demand(ctx, info, "export")
    state = read_state(ctx, info, request.GET.dict())
    if state.error:
        raise Invalid(state.error)
    chunks = export_rows(ctx, info, state.node, state.columns, format, sort=state.sort, labels=format != "jsonl", mark=True)
    name = slugify(str(info.plural)) or info.key
    response = StreamingHttpResponse(chunks, content_type=FORMATS[format].content_type)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.{format}"'
    return response
