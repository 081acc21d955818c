"""What a booking page means; each write renews the copy that visitors see."""

from __future__ import annotations

import datetime as dt
import re
import secrets
from typing import TYPE_CHECKING, cast

from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from rapport.engines.booking.models import BookingPage, PublicBooking
from rapport.engines.clocks.typed import DAYS, spans
from rapport.engines.publishing.markdown import render
from rapport.kernel.access.current import unscoped
from rapport.kernel.access.models import User
from rapport.kernel.changes.written import Written
from rapport.kernel.errors import Invalid
from rapport.kernel.records.declare import RecordType, Section, Use
from rapport.kernel.records.registry import record_type

if TYPE_CHECKING:
    from rapport.kernel.context import Context
    from rapport.kernel.records.model import Record

_HANDLE = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")
_LONGEST, _MOST_LENGTHS, _MOST_DAYS_OFF = 8 * 60, 5, 400
_LIMITS = {"minutes_before": 240, "minutes_after": 240, "notice_hours": 24 * 90, "ahead_days": 365, "most_a_day": 100}


def check_page(ctx: Context, record: Record | None, values: dict[str, object]) -> None:
    """Everything typed can be read, and the address is free."""
    page = cast("BookingPage | None", record)

    def wanted(key: str) -> object:
        if key in values:
            return values[key]
        return getattr(page, key, None) if page else BookingPage._meta.get_field(key).get_default()

    for day in DAYS:
        if values.get(day):
            try:
                spans(str(values[day]))
            except Invalid as wrong:
                raise Invalid(wrong.sentence, code="hours", field=day) from wrong
    read_lengths(str(wanted("lengths") or ""))
    read_days(str(wanted("days_off") or ""))
    for key, most in _LIMITS.items():
        if isinstance(values.get(key), int) and cast(int, values[key]) > most:
            raise Invalid(_t("At most %(most)d.") % {"most": most}, field=key)
    if wanted("place_kind") in ("link", "ours") and not str(wanted("place") or "").strip():
        raise Invalid(_t("Give the link of the online meeting, or the address of the place."), field="place")
    _check_handle(page, values)
    owner = values.get("owner", page.owner_id if page else None)
    if owner is None and wanted("is_open"):
        raise Invalid(_t("Say whose page it is."), field="owner")


def _check_handle(page: BookingPage | None, values: dict[str, object]) -> None:
    if page is not None and "handle" not in values:
        return
    handle = str(values.get("handle") or "").strip().lower()
    if not handle:
        handle = page.handle if page and page.handle else secrets.token_hex(6)
    if not _HANDLE.fullmatch(handle):
        raise Invalid(_t("Use small letters, digits and dashes only, such as ana-silva."), field="handle")
    with unscoped("whether the address of a booking page is free, whichever workspace has it"):
        is_taken = PublicBooking.objects.filter(key=handle).exclude(record_id=page.pk if page else None).exists()
    if is_taken:
        raise Invalid(_t("This address is taken; choose another."), field="handle")
    values["handle"] = handle


def read_lengths(text: str) -> list[int]:
    """The lengths a visitor may choose, in minutes; raises Invalid for what is none."""
    found = []
    for part in filter(None, (one.strip() for one in text.split(","))):
        if not (part.isascii() and part.isdigit() and len(part) < 5 and 5 <= int(part) <= _LONGEST):
            raise Invalid(_t("Give lengths of 5 to 480 minutes, separated by commas: 15, 30, 60."), field="lengths")
        found.append(int(part))
    if not 1 <= len(found) <= _MOST_LENGTHS:
        raise Invalid(_t("Give one to five lengths, separated by commas: 15, 30, 60."), field="lengths")
    return list(dict.fromkeys(found))


def read_days(text: str) -> set[dt.date]:
    """The days that are off; raises Invalid with the line that is no day."""
    found: set[dt.date] = set()
    for line in filter(None, (one.strip() for one in text.splitlines())):
        first, _to, last = line.partition(" to ")
        try:
            start = dt.date.fromisoformat(first.strip())
            end = dt.date.fromisoformat(last.strip()) if last else start
        except ValueError:
            start, end = dt.date.max, dt.date.min
        if end < start or (end - start).days > _MOST_DAYS_OFF:
            sentence = _t("“%(line)s” is no day; write 2026-12-24, or 2026-12-24 to 2027-01-02.") % {"line": line[:60]}
            raise Invalid(sentence, field="days_off")
        found |= {start + dt.timedelta(days=at) for at in range((end - start).days + 1)}
    return found


def keep_public(ctx: Context, written: list[Written]) -> None:
    """Visitors see the page as it is now; one in the bin is closed."""
    for one in written:
        page = one.record
        assert isinstance(page, BookingPage)
        owner = User.objects.filter(workspace_id=ctx.workspace.pk, pk=page.owner_id).first()
        if owner is None:
            PublicBooking.objects.filter(workspace_id=ctx.workspace.pk, record_id=page.pk).update(is_open=False)
            continue
        shown = {
            "name": page.name, "who": owner.name, "intro": str(render(page.intro)), "lengths": read_lengths(page.lengths),
            "place_kind": page.place_kind, "place": page.place, "week": [getattr(page, day) for day in DAYS],
            "days_off": sorted(day.isoformat() for day in read_days(page.days_off)), "before": page.minutes_before,
            "after": page.minutes_after, "notice": page.notice_hours, "ahead": page.ahead_days,
            "most": page.most_a_day or 0, "language": page.language or owner.language or ctx.workspace.language,
        }  # fmt: skip
        is_open = page.is_open and page.deleted_at is None
        rows = PublicBooking.objects.filter(workspace_id=ctx.workspace.pk, record_id=page.pk)
        if not rows.update(is_open=is_open, shown=shown, user_id=owner.pk, key=page.handle):
            PublicBooking.objects.create(
                workspace_id=ctx.workspace.pk, record_id=page.pk, user_id=owner.pk, key=page.handle, is_open=is_open, shown=shown
            )


_OWN = "view:own create edit:own delete:own"


@record_type
class BookingPageType(RecordType):
    """When somebody can be booked by visitors, for how long, and where."""

    model, key, title = BookingPage, "booking_page", "name"
    uses = {"owner": Use(default="me"), "external_id": Use(hidden=True)}
    list_columns = ["name", "is_open", "handle", "owner", "updated_at"]
    page = [
        Section(_("Booking page"), "name", "is_open", "handle", "owner", "language"),
        Section(_("What is booked"), "intro", "lengths", "place_kind", "place"),
        Section(_("When"), *DAYS, "days_off"),
        Section(_("Rules"), "notice_hours", "ahead_days", "minutes_before", "minutes_after", "most_a_day"),
    ]
    grants = {"management": "*:all", **dict.fromkeys(("sales", "marketing", "support", "back_office"), _OWN)}
    menu = ("settings", "calendar-clock")
    checks = (check_page,)
    effects = (keep_public,)
