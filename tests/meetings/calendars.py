"""What other people's calendars write: answers and invitations as Outlook, Google and Apple put them into mail."""

from __future__ import annotations

from email.message import EmailMessage
from email.utils import format_datetime

from tests.mail.letters import START

#: Outlook: a zone of its own by a Windows name, quoted parameters, folded lines, X- lines of all kinds.
OUTLOOK_REPLY = """BEGIN:VCALENDAR
METHOD:{method}
PRODID:Microsoft Exchange Server 2010
VERSION:2.0
BEGIN:VTIMEZONE
TZID:W. Europe Standard Time
BEGIN:STANDARD
DTSTART:16010101T030000
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=10
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:16010101T020000
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=3
END:DAYLIGHT
END:VTIMEZONE
BEGIN:VEVENT
ATTENDEE;PARTSTAT={answer};CN="Kunde, Jo (Sales; North)":MAILTO:{address}
COMMENT;LANGUAGE=en-IE:{comment}
UID:{uid}
SUMMARY;LANGUAGE=en-IE:Accepted: Kick-off with a very long title that has to be fo
 lded because no line may be longer than seventy-five
DTSTART;TZID=W. Europe Standard Time:{start}
DTEND;TZID=W. Europe Standard Time:{end}
CLASS:PUBLIC
PRIORITY:5
DTSTAMP:{stamp}
TRANSP:OPAQUE
STATUS:CONFIRMED
SEQUENCE:{sequence}
X-MICROSOFT-CDO-APPT-SEQUENCE:{sequence}
X-MICROSOFT-CDO-BUSYSTATUS:BUSY
END:VEVENT
END:VCALENDAR
"""

#: Google: UTC, the address folded in the middle of a parameter.
GOOGLE_REPLY = """BEGIN:VCALENDAR
PRODID:-//Google Inc//Google Calendar 70.9054//EN
VERSION:2.0
CALSCALE:GREGORIAN
METHOD:{method}
BEGIN:VEVENT
DTSTART:{start}Z
DTEND:{end}Z
DTSTAMP:{stamp}
ORGANIZER;CN=Ana Silva:mailto:ana@fernhill.example
UID:{uid}
ATTENDEE;CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT={answer};CN=Jo K
 unde;X-NUM-GUESTS=0:mailto:{address}
COMMENT:{comment}
CREATED:20261101T080000Z
LAST-MODIFIED:{stamp}
LOCATION:
SEQUENCE:{sequence}
STATUS:CONFIRMED
SUMMARY:Kick-off
TRANSP:OPAQUE
END:VEVENT
END:VCALENDAR
"""

#: What a customer's Outlook sends who invites us.
OUTLOOK_REQUEST = OUTLOOK_REPLY.replace(
    'ATTENDEE;PARTSTAT={answer};CN="Kunde, Jo (Sales; North)":MAILTO:{address}',
    'ORGANIZER;CN="Kunde, Jo":MAILTO:{address}\nATTENDEE;ROLE=REQ-PARTICIPANT;PARTSTAT=NEEDS-ACTION;RSVP=TRUE;CN=ana@fernhill\n'
    " .example:MAILTO:ana@fernhill.example\nLOCATION:Room 5\\, first floor",
)


def part(kind: str, uid: str, **given: object) -> str:
    """A calendar part with its lines ended as the standard has it."""
    values = {
        "method": "REPLY", "answer": "ACCEPTED", "address": "jo@kunde.example", "comment": "", "sequence": 0,
        "stamp": "20261102T100000Z", "start": "20261210T140000", "end": "20261210T150000", **given,
    }  # fmt: skip
    return kind.format(uid=uid, **values).replace("\n", "\r\n")


def calendar_mail(
    number: int, text: str, *, sender: str = "Jo Kunde <jo@kunde.example>", more: dict[str, str] | None = None
) -> bytes:
    """A message around it, as calendars send them: the part among the ways of reading it, and once more as a file."""
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = sender, "Ana Silva <ana@fernhill.example>", f"Calendar {number}"
    made["Date"] = format_datetime(START)
    made["Message-ID"] = f"<cal-{number}@letters.example>"
    for name, value in (more or {}).items():
        made[name] = value
    made.set_content("See the calendar.")
    made.add_alternative(text, subtype="calendar", params={"method": text.partition("METHOD:")[2].partition("\r\n")[0]})
    made.add_attachment(text.encode(), maintype="application", subtype="ics", filename="invite.ics")
    return made.as_bytes()
