"""What readers will see of a formatted text, while it is being typed."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from rapport.engines.publishing.markdown import render
from rapport.kernel.kinds.longtext import LIMIT
from rapport.kernel.kinds.markup import esc


@require_POST
def preview(request: HttpRequest) -> HttpResponse:
    """The text of the field that is named, as HTML."""
    text = request.POST.get(request.POST.get("md", "")[:60], "")[:LIMIT]
    if not text.strip():
        return HttpResponse(f'<p class="t3">{esc(_("What readers will see stands here."))}</p>')
    return HttpResponse(render(text))
