"""How a page answers after something was done: a toast with Undo, and a new place or the same one refreshed."""

from __future__ import annotations

from collections.abc import Mapping

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from rapport.surfaces.web.shell import is_part, render
from rapport.surfaces.web.toasts import say, say_now, trigger


def part_or_page(
    request: HttpRequest, part: str, page: str, values: Mapping[str, object], *, status: int = 200
) -> HttpResponse:
    """The part alone for the page's script (a dialog), the part inside the app for everybody else."""
    return render(request, part if is_part(request) else page, {**values, "body": part}, status=status)


def done(request: HttpRequest, text: str, go_to: str, *, undo: str = "", stay: bool = False) -> HttpResponse:
    """Tell what was done and go on. `stay` keeps a person with script on their page, which then refreshes its parts."""
    if is_part(request) and stay:
        return trigger(say_now(HttpResponse(status=204), text, undo=undo), closeDialog=True, recordChanged=True)
    say(request, text, undo=undo)
    if is_part(request):
        made = HttpResponse(status=204)
        made.headers["HX-Redirect"] = go_to
        return made
    return HttpResponseRedirect(go_to)
