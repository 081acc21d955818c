"""A person's booking page, what visitors see of it, and which meeting is whose booking."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from rapport.engines.publishing.kind import MarkdownField
from rapport.kernel.ids import new_id
from rapport.kernel.records.model import Record, record_indexes

_WORKDAY = "09:00-12:00, 13:00-17:00"


class BookingPage(Record):
    """When somebody can be booked, for how long, and where."""

    PLACES = [
        ("phone", _("By phone: we call")), ("link", _("Online")), ("theirs", _("At the visitor's")), ("ours", _("At our place")),
    ]  # fmt: skip

    name = models.CharField(_("title"), max_length=120)
    is_open = models.BooleanField(_("open"), default=False)
    handle = models.CharField(
        _("address"), max_length=40, blank=True,
        help_text=_("The page stands under /book/ and this: small letters, digits and dashes. Empty draws one by chance."),
    )  # fmt: skip
    intro = MarkdownField(_("text above"))
    lengths = models.CharField(
        _("lengths in minutes"), max_length=40, default="30", help_text=_("One, or several with commas: 15, 30, 60.")
    )
    place_kind = models.CharField(_("where"), max_length=6, choices=PLACES, default="phone")
    place = models.CharField(
        _("address or link"), max_length=200, blank=True, help_text=_("Of the place, or of the online meeting.")
    )
    monday = models.CharField(
        _("Monday"), max_length=80, blank=True, default=_WORKDAY,
        help_text=_("Such as 09:00-12:30, 13:30-17:00; empty is closed."),
    )  # fmt: skip
    tuesday = models.CharField(_("Tuesday"), max_length=80, blank=True, default=_WORKDAY)
    wednesday = models.CharField(_("Wednesday"), max_length=80, blank=True, default=_WORKDAY)
    thursday = models.CharField(_("Thursday"), max_length=80, blank=True, default=_WORKDAY)
    friday = models.CharField(_("Friday"), max_length=80, blank=True, default=_WORKDAY)
    saturday = models.CharField(_("Saturday"), max_length=80, blank=True)
    sunday = models.CharField(_("Sunday"), max_length=80, blank=True)
    days_off = models.TextField(
        _("days off"), blank=True, max_length=4000, help_text=_("One a line: 2026-12-24, or 2026-12-24 to 2027-01-02.")
    )
    minutes_before = models.PositiveSmallIntegerField(_("minutes kept free before"), default=0)
    minutes_after = models.PositiveSmallIntegerField(_("minutes kept free after"), default=0)
    notice_hours = models.PositiveSmallIntegerField(_("hours ahead at least"), default=24)
    ahead_days = models.PositiveSmallIntegerField(_("days ahead at most"), default=60)
    most_a_day = models.PositiveSmallIntegerField(
        _("bookings a day at most"), null=True, blank=True, help_text=_("Empty is as many as there is room for.")
    )
    language = models.CharField(_("language"), max_length=10, blank=True, help_text=_("A code such as de; empty is yours."))

    class Meta(Record.Meta):
        app_label = "booking"
        verbose_name, verbose_name_plural = _("booking page"), _("booking pages")
        indexes = record_indexes("bookingpage", "is_open")


class PublicBooking(models.Model):
    """What visitors are shown of a page: a copy, made in the write that changed it. It is also what two visitors who want the
    same time wait for: whoever books locks the rows of that person first."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    workspace = models.ForeignKey("kernel.Workspace", models.CASCADE, related_name="+", db_index=False)
    record_id = models.UUIDField()
    user_id = models.UUIDField()
    #: Its place among the addresses, chosen or drawn by chance: /book/<key>.
    key = models.CharField(max_length=40, unique=True)
    is_open = models.BooleanField(default=False)
    shown = models.JSONField(default=dict)

    class Meta:
        app_label = "booking"
        indexes = [models.Index(fields=["workspace", "user_id"], name="publicbooking_user_ix")]
        constraints = [models.UniqueConstraint(fields=["workspace", "record_id"], name="publicbooking_once")]


class Booking(models.Model):
    """That a meeting was booked by a visitor. Who it was stands in the meeting."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    workspace = models.ForeignKey("kernel.Workspace", models.CASCADE, related_name="+", db_index=False)
    page_id = models.UUIDField()
    meeting_id = models.UUIDField()
    #: The visitor's time zone.
    zone = models.CharField(max_length=60)
    made_at = models.DateTimeField()

    class Meta:
        app_label = "booking"
        indexes = [
            models.Index(fields=["workspace", "page_id", "-made_at"], name="booking_page_ix"),
            models.Index(fields=["workspace", "meeting_id"], name="booking_meeting_ix"),
        ]
