"""What a page about the account as a whole asks first: a local session, and a fresh proof before anything changes."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.utils.translation import gettext as _

from rapport.kernel.errors import Refused
from rapport.surfaces.web.shell import is_part
from rapport.surfaces.web.signing_in import entering

View = Callable[..., HttpResponse]


def local_only(view: View) -> View:
    """A workspace's provider speaks for that workspace: it opens nothing that belongs to the account elsewhere."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: object, **address: object) -> HttpResponse:
        if not entering.is_local(request):
            raise Refused(
                _("You signed in through your company's provider, which looks after passwords and factors. "
                  "To change what belongs to your account here, sign in with its own password.")
            )  # fmt: skip
        return view(request, *args, **address)

    return guarded


def fresh(view: View) -> View:
    """Local, and proved again within the last minutes; else the confirming page comes first."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: object, **address: object) -> HttpResponse:
        if entering.is_fresh(request):
            return view(request, *args, **address)
        if is_part(request):
            raise Refused(_("This page waited too long. Load it again and confirm that it is you."))
        back = request.get_full_path() if request.method == "GET" else "/settings/security"
        return HttpResponseRedirect("/settings/security/confirm?" + urlencode({"next": back}))

    return local_only(guarded)


def safe_next(request: HttpRequest) -> str:
    """The local address to go to afterwards; anything else becomes the first page."""
    wanted = request.POST.get("next") or request.GET.get("next") or "/"
    fits = url_has_allowed_host_and_scheme(wanted, allowed_hosts=None) and wanted.startswith("/")
    return wanted if fits else "/"
