"""Reading what a program sent: query parameters, JSON bodies, conditions on versions. Strict, with a sentence each."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from decimal import Decimal
from typing import NoReturn

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest
from django.http.request import RawPostDataException
from django.utils.translation import gettext as _

from rapport.kernel.query import text as filter_text
from rapport.kernel.query.read import MAX_LIMIT
from rapport.kernel.query.tree import Node, from_json
from rapport.surfaces.api.problems import HttpProblem, bad_request

#: Enough for the longest note with everything around it; files are not sent in JSON.
MOST_BYTES = 2 * 1024 * 1024
MOST_DEPTH = 12
_LONGEST_PARAMETER = 20_000
_ETAG = re.compile(r'(?:W/)?"(\d{1,9})"')
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")


def parameters(request: HttpRequest, known: Iterable[str]) -> dict[str, str]:
    """Query parameters by name. Raises for an unknown one, one given twice, and characters no database stores."""
    known = tuple(known)
    found: dict[str, str] = {}
    for name, values in request.GET.lists():
        if name not in known:
            raise bad_request(
                _("There is no parameter “%(name)s” here; there are: %(known)s.")
                % {"name": _shown(name), "known": ", ".join(known) or _("none")},
                code="unknown_parameter",
            )
        if len(values) > 1:
            raise bad_request(_("Give “%(name)s” once.") % {"name": name}, code="repeated_parameter")
        if len(values[0]) > _LONGEST_PARAMETER or _UNSTORABLE.search(values[0]):
            raise bad_request(_("“%(name)s” is too long or holds a character that cannot be stored.") % {"name": name})
        found[name] = values[0]
    return found


def limit_of(given: dict[str, str], *, usual: int = 50, most: int = MAX_LIMIT) -> int:
    """The page size asked for; raises unless it is a whole number in range."""
    text = given.get("limit", "")
    if not text:
        return usual
    if not (text.isascii() and text.isdigit() and len(text) <= 6 and 1 <= int(text) <= most):
        raise bad_request(_("“limit” is a whole number from 1 to %(most)d.") % {"most": most}, code="bad_limit")
    return int(text)


def flag_of(given: dict[str, str], name: str) -> bool:
    """A yes or no among the parameters: "true" or "false"; not given is no."""
    text = given.get(name, "false")
    if text not in ("true", "false"):
        raise bad_request(_("“%(name)s” is true or false.") % {"name": name}, code="bad_flag")
    return text == "true"


def filter_of(given: dict[str, str]) -> Node | None:
    """The filter: the text form of the grammar, or its JSON tree when it begins with "{"."""
    text = given.get("filter", "").strip()
    if not text:
        return None
    return from_json(_loads(text)) if text.startswith("{") else filter_text.parse(text)  # type: ignore[arg-type]


def body_of(request: HttpRequest, *, may_be_empty: bool = False) -> dict[str, object]:
    """The JSON object of the body; raises for everything a careful reader would not take."""
    raw = raw_body(request)
    if not raw.strip():
        if may_be_empty:
            return {}
        raise bad_request(_("Send a JSON object with the values by field key."), code="empty_body")
    kind = (request.content_type or "").lower()
    if kind != "application/json" and not (kind.startswith("application/") and kind.endswith("+json")):
        raise HttpProblem(415, _("Send JSON with Content-Type: application/json."), code="wrong_content_type")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        raise bad_request(_("The body is not UTF-8 text."), code="malformed_json") from None
    found = _loads(text)
    if not isinstance(found, dict):
        raise bad_request(_("Send one JSON object, not a list or a single value."), code="not_an_object")
    return found


def raw_body(request: HttpRequest) -> bytes:
    """The bytes of the body, within the bound."""
    too_large = HttpProblem(
        413, _("The body is larger than %(most)d MB.") % {"most": MOST_BYTES // 1024**2}, code="too_large"
    )
    if int(request.META.get("CONTENT_LENGTH") or 0) > MOST_BYTES:
        raise too_large
    try:
        raw = request.body
    except RequestDataTooBig:
        raise too_large from None
    except (OSError, RawPostDataException):
        raise bad_request(_("The body ended too early."), code="cut_off") from None
    if len(raw) > MOST_BYTES:
        raise too_large
    return raw


def _loads(text: str) -> object:
    """JSON without duplicate keys, NaN, deep nesting or characters that cannot be stored; decimals stay exact."""
    try:
        found = json.loads(text, object_pairs_hook=_once, parse_constant=_no_constant, parse_float=Decimal)
    except RecursionError:
        raise _too_deep() from None
    except json.JSONDecodeError as wrong:
        raise bad_request(
            _("The JSON cannot be read: line %(line)d, column %(column)d.")
            % {"line": wrong.lineno, "column": wrong.colno},
            code="malformed_json",
        ) from None
    except ValueError:
        raise bad_request(_("The JSON holds a number with too many digits."), code="malformed_json") from None
    _check_whole(found)
    return found


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _value in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise bad_request(
            _("“%(name)s” is there twice in one JSON object.") % {"name": _shown(twice)}, code="duplicate_key"
        )
    return found


def _no_constant(name: str) -> NoReturn:
    raise bad_request(_("“%(name)s” is no JSON value.") % {"name": name}, code="malformed_json")


def _check_whole(found: object) -> None:
    """Walk the value without recursion: depth, and texts (keys too) that no database stores."""
    waiting: list[tuple[object, int]] = [(found, 1)]
    while waiting:
        value, depth = waiting.pop()
        if depth > MOST_DEPTH:
            raise _too_deep()
        if isinstance(value, str):
            if _UNSTORABLE.search(value):
                raise bad_request(_("The JSON holds a character that cannot be stored."), code="bad_character")
        elif isinstance(value, dict):
            waiting += [(key, depth + 1) for key in value]
            waiting += [(item, depth + 1) for item in value.values()]
        elif isinstance(value, list):
            waiting += [(item, depth + 1) for item in value]


def _too_deep() -> HttpProblem:
    return bad_request(_("The JSON is nested more than %(most)d levels deep.") % {"most": MOST_DEPTH}, code="too_deep")


def wanted_version(request: HttpRequest) -> int | None:
    """The version of If-Match, None without one or for "*"."""
    given = request.headers.get("If-Match", "").strip()
    if given in ("", "*"):
        return None
    found = _ETAG.fullmatch(given)
    if found is None:
        raise bad_request(_('If-Match takes the ETag of one record, such as "3".'), code="bad_if_match")
    return int(found[1])


def none_match_any(request: HttpRequest) -> bool:
    """Whether `If-None-Match: *` asks that nothing be there yet; raises for any other value, which a write cannot mean."""
    given = request.headers.get("If-None-Match", "").strip()
    if given not in ("", "*"):
        raise bad_request(_('If-None-Match takes "*" here: only if there is no such record yet.'), code="bad_if_none_match")
    return given == "*"


def _shown(name: str) -> str:
    return "".join(c if c.isprintable() else " " for c in name[:60])
