"""The addresses of CalDAV: who asks is known by the password of their program, and meets only their own calendars."""

from __future__ import annotations

import base64
import datetime as dt
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import quote, unquote, urlsplit
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.utils import timezone, translation
from django.views.decorators.csrf import csrf_exempt

from rapport.engines.calendar import entries
from rapport.engines.calendar.devices import find_device
from rapport.engines.calendar.ical_reading import LARGEST
from rapport.engines.calendar.models import CalendarDevice
from rapport.kernel.access.current import use_workspace
from rapport.kernel.context import context_for
from rapport.kernel.errors import Conflict, Invalid, RapportError
from rapport.surfaces.web import problems
from rapport.surfaces.web.caldav import props, xml
from rapport.surfaces.web.caldav.xml import CALDAV, DAV, Answer, name
from rapport.surfaces.web.connection import base_url
from rapport.surfaces.web.sign_in_limit import take_turn, too_many

_ALLOW = "OPTIONS, GET, HEAD, PUT, DELETE, PROPFIND, PROPPATCH, REPORT"
_HEADERS = {"DAV": "1, 3, calendar-access", "Cache-Control": "private, no-cache", "X-Content-Type-Options": "nosniff"}
_WAY_IN = 'Basic realm="Rapport", charset="UTF-8"'
_LONGEST_SECRET = 100
#: Entries asked for by name in one go.
_MOST_NAMES = 500


def well_known(request: HttpRequest) -> HttpResponse:
    """Where calendars are, for programs that know the name of the server only (RFC 6764)."""
    return HttpResponsePermanentRedirect(props.ROOT)


@csrf_exempt  # no session is looked at: the program's password comes with each request
def root(request: HttpRequest) -> HttpResponse:
    """The address one types into a program: it says who one is."""
    return _answer(request, None, "", "")


@csrf_exempt  # as above
def home(request: HttpRequest, user_id: UUID) -> HttpResponse:
    """A person and their calendars."""
    return _answer(request, user_id, "", "")


@csrf_exempt  # as above
def collection(request: HttpRequest, user_id: UUID, type_key: str) -> HttpResponse:
    """One calendar."""
    return _answer(request, user_id, type_key, "")


@csrf_exempt  # as above
def entry(request: HttpRequest, user_id: UUID, type_key: str, file: str) -> HttpResponse:
    """One entry."""
    return _answer(request, user_id, type_key, file)


def _answer(request: HttpRequest, user_id: UUID | None, type_key: str, file: str) -> HttpResponse:
    if request.method == "OPTIONS":
        return _plain("", 200, Allow=_ALLOW)
    secret = _secret(request)
    device = find_device(secret) if secret else None
    if device is None:
        wait = take_turn(request, "", "calendar_guess") if secret else 0
        if wait:
            return _plain(too_many(wait), 429, **{"Retry-After": str(wait)})
        return _plain("Sign in with the password of this program.", 401, **{"WWW-Authenticate": _WAY_IN})
    with _place(request, device) as place:
        if not place.ctx.viewer.rights or (user_id is not None and user_id != device.user_id):
            return _plain("There is nothing at this address.", 404)
        try:
            return _Turn(request, place, user_id is None, type_key, file).run()
        except Conflict as problem:
            return _refusal(412, name(DAV, "precondition-failed"), problem)
        except Invalid as problem:
            tag = name(CALDAV, "valid-calendar-data") if request.method == "PUT" else name(DAV, "valid-request")
            return _refusal(403 if request.method == "PUT" else 400, tag, problem)
        except RapportError as problem:
            return _refusal(problems.status_of(problem), name(DAV, "need-privileges"), problem)


class _Turn:
    """One request of a program that is known."""

    def __init__(self, request: HttpRequest, place: props.Place, is_root: bool, type_key: str, file: str) -> None:
        self.request, self.place, self.is_root, self.file = request, place, is_root, file
        self.ctx = place.ctx
        self.declared = next((one for one in entries.collections(self.ctx) if one.type == type_key), None) if type_key else None
        self.is_lost = bool(type_key) and self.declared is None

    def run(self) -> HttpResponse:
        method = str(self.request.method).lower()
        if self.is_lost:
            return _plain("There is nothing at this address.", 404)
        run = getattr(self, f"do_{method}", None) if method in _METHODS else None
        needs_file, needs_calendar = method in ("get", "head", "put", "delete"), method == "report"
        if run is None or (needs_file and not self.file) or (needs_calendar and not self.declared):
            return _plain("This cannot be done at this address.", 405, Allow=_ALLOW)
        found = run()
        assert isinstance(found, HttpResponse)
        return found

    def do_get(self) -> HttpResponse:
        assert self.declared is not None
        found = entries.find(self.ctx, self.declared, [self.file]).get(self.file)
        if found is None:
            return _plain("There is nothing at this address.", 404)
        if self.request.headers.get("If-None-Match", "") == found.mark:
            return HttpResponse(status=304, headers={"ETag": found.mark, **_HEADERS})
        body = found.body(self.place.base_url)
        headers = {"ETag": found.mark, "Content-Disposition": "attachment", **_HEADERS}
        return HttpResponse(body, content_type="text/calendar; charset=utf-8", headers=headers)

    do_head = do_get

    def do_put(self) -> HttpResponse:
        assert self.declared is not None
        data = self.request.read(LARGEST + 1)
        match, none = self.request.headers.get("If-Match", ""), self.request.headers.get("If-None-Match", "")
        is_new = entries.put(self.ctx, self.declared, self.file, data, match=match.strip(), only_new=none.strip() == "*")
        # Without a mark, for what is kept is not what was sent to the letter: the program reads it again.
        return HttpResponse(status=201 if is_new else 204, headers=_HEADERS)

    def do_delete(self) -> HttpResponse:
        assert self.declared is not None
        was_there = entries.remove(self.ctx, self.declared, self.file, match=self.request.headers.get("If-Match", "").strip())
        return HttpResponse(status=204, headers=_HEADERS) if was_there else _plain("There is nothing at this address.", 404)

    def do_propfind(self) -> HttpResponse:
        asked = self._asked()
        names, deep = props.wanted(asked), self.request.headers.get("Depth", "0") != "0"
        if self.is_root:
            return _many([props.answer(props.ROOT, props.of_home(self.place), names)])
        if self.declared is None:
            below = entries.collections(self.ctx) if deep else []
            return _many([
                props.answer(self.place.home, props.of_home(self.place), names),
                *(props.answer(self.place.collection(one), props.of_collection(self.place, one), names) for one in below),
            ])  # fmt: skip
        if self.file:
            found = entries.find(self.ctx, self.declared, [self.file])
            return _many(self._entries(found.values(), names)) if found else _plain("There is nothing at this address.", 404)
        there = entries.listing(self.ctx, self.declared) if deep else None
        first = props.answer(self.place.collection(self.declared), props.of_collection(self.place, self.declared, there), names)
        return _many([first, *self._entries(there or [], names)])

    def do_proppatch(self) -> HttpResponse:
        """Names and colours that programs want to keep are theirs to keep: each is refused, as the standard asks."""
        asked = self._asked()
        tags = [one.tag for some in (asked.iter(name(DAV, "prop")) if asked is not None else ()) for one in some]
        return _many([Answer(self.request.path, refused=tags)])

    def do_report(self) -> HttpResponse:
        assert self.declared is not None
        asked = self._asked()
        tag = asked.tag if asked is not None else ""
        names = props.wanted(asked)
        if asked is not None and tag == name(CALDAV, "calendar-multiget"):
            addresses = [str(one.text or "").strip() for one in asked.findall(name(DAV, "href"))][:_MOST_NAMES]
            start = self.place.collection(self.declared)
            files = {one: _file_of(one, start) for one in addresses}
            found = entries.find(self.ctx, self.declared, [file for file in files.values() if file])
            gone = [Answer(one, is_gone=True) for one, file in files.items() if file not in found]
            return _many([*self._entries(found.values(), names), *gone])
        if asked is not None and tag == name(CALDAV, "calendar-query"):
            first, until = _range(asked)
            return _many(self._entries(self._fitting(asked, first, until), names))
        return HttpResponse(xml.problem(name(DAV, "supported-report")), status=403, content_type=_XML, headers=_HEADERS)

    def _fitting(self, asked: ET.Element, first: dt.date | None, until: dt.date | None) -> list[entries.Entry]:
        assert self.declared is not None
        kinds = {one.get("name") for one in asked.iter(name(CALDAV, "comp-filter"))} - {"VCALENDAR", None}
        if kinds and ("VTODO" if self.declared.is_dated else "VEVENT") not in kinds:
            return []
        return entries.listing(self.ctx, self.declared, first, until)

    def _entries(self, found: object, names: list[str] | None) -> Iterator[Answer]:
        assert self.declared is not None
        start = self.place.collection(self.declared)
        for one in found:  # type: ignore[attr-defined]
            yield props.answer(start + quote(one.name), props.of_entry(self.place, one), names)

    def _asked(self) -> ET.Element | None:
        return xml.parse(self.request.read(xml.LARGEST + 1))


_METHODS = ("get", "head", "put", "delete", "propfind", "proppatch", "report")
_XML = "application/xml; charset=utf-8"


def _secret(request: HttpRequest) -> str:
    """The password of HTTP's basic way; the name beside it is not looked at, for the password alone is the key."""
    way, _space, given = request.headers.get("Authorization", "").partition(" ")
    if way.lower() != "basic" or len(given) > 400:
        return ""
    try:
        secret = base64.b64decode(given, validate=True).decode().partition(":")[2]
    except ValueError:
        return ""
    return secret if secret.isascii() and len(secret) <= _LONGEST_SECRET else ""


@contextmanager
def _place(request: HttpRequest, device: CalendarDevice) -> Iterator[props.Place]:
    with use_workspace(device.workspace_id):
        ctx = context_for(device.user, "caldav", workspace=device.workspace)
        email = device.user.account.email if device.user.account else ""
        with translation.override(ctx.format.language), timezone.override(ctx.format.zone):
            yield props.Place(ctx, device.user_id, email, base_url(request))


def _file_of(address: str, start: str) -> str:
    """The name in an address of this calendar; "" for any other."""
    path = unquote(urlsplit(address).path)
    file = path.removeprefix(start)
    return file if path.startswith(start) and "/" not in file else ""


def _range(asked: ET.Element) -> tuple[dt.date | None, dt.date | None]:
    """The days a query asks for, at most some years of them. Raises Invalid for times that are none."""
    found = asked.find(f".//{name(CALDAV, 'time-range')}")
    if found is None:
        return None, None
    try:
        ends = [dt.datetime.strptime(text[:8], "%Y%m%d").date() if (text := found.get(key)) else None for key in ("start", "end")]  # noqa: DTZ007
    except ValueError as problem:
        raise Invalid("The times of this query cannot be read.", code="bad_range") from problem
    first, until = ends
    if first and not until:
        until = first + dt.timedelta(days=800)
    elif until and not first:
        first = until - dt.timedelta(days=800)
    assert first is not None and until is not None
    # A day more at both ends, whatever the zones; the rest the program sorts out.
    first, until = first - dt.timedelta(days=1), min(until, first + dt.timedelta(days=2000)) + dt.timedelta(days=2)
    return first, until


def _many(answers: object) -> HttpResponse:
    return HttpResponse(xml.multistatus(answers), status=207, content_type=_XML, headers=_HEADERS)  # type: ignore[arg-type]


def _refusal(status: int, tag: str, problem: RapportError) -> HttpResponse:
    return HttpResponse(xml.problem(tag, problem.sentence), status=status, content_type=_XML, headers=_HEADERS)


def _plain(text: str, status: int, **headers: str) -> HttpResponse:
    return HttpResponse(
        text + "\n" if text else "", status=status, content_type="text/plain; charset=utf-8", headers={**_HEADERS, **headers}
    )


__all__ = ["collection", "entry", "home", "root", "well_known"]
