"""Who sees a record and why, and sharing it with people."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from rapport.kernel.access import gate, sharing
from rapport.kernel.access.explain import Seen, who_sees
from rapport.kernel.access.sharing import Guest
from rapport.kernel.access.sharing_models import Level
from rapport.kernel.context import Context
from rapport.kernel.errors import Invalid
from rapport.kernel.kinds.base import kind_by_key
from rapport.kernel.records.registry import registry
from rapport.surfaces.api.problems import answer, bad_request
from rapport.surfaces.api.reading import body_of, parameters
from rapport.surfaces.api.records import demand_version

_KEYS = {"user", "level", "until", "part", "as_member"}


def read(ctx: Context, request: HttpRequest, type_key: str, record_id: str) -> HttpResponse:
    """GET /api/v1/{type}/{id}/access: everybody who sees it, with the reasons, and with whom it is shared."""
    info = registry.get(type_key)
    parameters(request, ())
    record = gate.get(ctx, info, record_id)
    seen = [_seen(one) for one in who_sees(ctx, info, record)]
    return answer({"people": seen, "shared_with": [_guest(one) for one in sharing.guests(ctx, record)]}, 200, {})


def share(ctx: Context, request: HttpRequest, type_key: str, record_id: str) -> HttpResponse:
    """POST /api/v1/{type}/{id}/access: open the record to a person: user, level, until, part, as_member."""
    info = registry.get(type_key)
    parameters(request, ())
    record = gate.get(ctx, info, record_id, "share")
    demand_version(request, record)
    given = body_of(request)
    if unknown := sorted(set(given) - _KEYS):
        raise bad_request(_("Sharing has no input “%(key)s”.") % {"key": unknown[0][:60]})
    cleaning = ctx.cleaning()
    user = kind_by_key("user")().clean(given.get("user"), cleaning)
    if user is None:
        raise Invalid(_("Say with whom, as “user”."), field="user")
    until = kind_by_key("datetime")().clean(given.get("until"), cleaning)
    guest = sharing.share(
        ctx, record, user, level=str(given.get("level") or Level.READ), until=until,  # type: ignore[arg-type]
        part=str(given.get("part") or ""), as_member=given.get("as_member") is True,
    )  # fmt: skip
    return answer(_guest(guest), 201, {})


def unshare(ctx: Context, request: HttpRequest, type_key: str, record_id: str, grant_id: int) -> HttpResponse:
    """DELETE /api/v1/{type}/{id}/access/{share}: take a person off the record."""
    parameters(request, ())
    record = gate.get(ctx, registry.get(type_key), record_id)
    demand_version(request, record)
    sharing.unshare(ctx, record, grant_id)
    return HttpResponse(status=204)


def _seen(one: Seen) -> dict[str, object]:
    return {
        "user": one.user_id, "name": one.name, "role": one.role, "may_edit": one.may_edit, "may_delete": one.may_delete,
        "reasons": [{"cause": reason.key, "sentence": reason.sentence} for reason in one.reasons],
    }  # fmt: skip


def _guest(one: Guest) -> dict[str, object]:
    return {
        "id": one.id, "user": one.user_id, "name": one.name, "level": one.level, "part": one.part,
        "as_member": one.is_member, "until": one.until.isoformat() if one.until else None,
    }  # fmt: skip
