"""What messages mean. All three layers are private: of each, a viewer sees their own and what somebody opened to them."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from rapport.kernel.records.declare import RecordType, Section, Timeline, Use
from rapport.kernel.records.registry import record_type
from rapport.modules.mail.models import Mail, MailFile, MailPerson, MailSubject, MailTemplate, MailText
from rapport.modules.mail.ready_texts import check_template

_FIXED = Use(fixed=True)
_BASE = {"owner": Use(hidden=True), "team": Use(hidden=True), "external_id": Use(hidden=True)}
_ROLES = ("management", "sales", "marketing", "support", "back_office")
#: Private types reach no farther than one's own, whatever is written here.
_OWN = dict.fromkeys(_ROLES, "view:own")


@record_type
class MailType(RecordType):
    """That a message went to and fro: when, between whom, through which mailbox."""

    model, key, title = Mail, "mail", "people"
    uses = {
        **dict.fromkeys(("people", "happened_at", "direction", "customer", "mailbox", "sender", "sender_check"), _FIXED),
        **dict.fromkeys(("automatic", "has_files", "invites", "thread", "message_id", "message_key"), _FIXED),
        "owner": Use(readonly=True), "team": Use(readonly=True), "external_id": Use(hidden=True),
    }  # fmt: skip
    list_columns = ["people", "happened_at", "direction", "customer", "has_files"]
    page = [
        Section(
            _("E-mail"),
            "direction",
            "happened_at",
            "customer",
            "sender",
            "sender_check",
            "automatic",
            "mailbox",
            "has_files",
            "invites",
        )
    ]
    views = {_("All exchanges"): "| -happened_at"}
    grants = dict.fromkeys(
        _ROLES, "view:own share_conversation:own share_customer:own accept_meeting:own decline_meeting:own put_in_calendar:own"
    )
    timeline = Timeline(at="happened_at", on=["customer"], icon="mail")
    private = True


@record_type
class MailSubjectType(RecordType):
    """The subject of a message."""

    model, key, title = MailSubject, "mail_subject", "subject"
    search = ["subject"]
    uses = {
        **dict.fromkeys(("mail", "subject", "people", "happened_at", "direction", "customer"), _FIXED),
        "owner": Use(readonly=True), "team": Use(readonly=True), "external_id": Use(hidden=True),
    }  # fmt: skip
    list_columns = ["subject", "people", "happened_at", "direction", "customer"]
    page = [Section(_("E-mail"), "direction", "happened_at", "customer")]
    views = {
        _("All e-mails"): "| -happened_at",
        _("Received"): "direction is in | -happened_at",
        _("Sent"): "direction is out | -happened_at",
    }
    grants = _OWN
    menu = ("customers", "mail")
    private = True


@record_type
class MailTextType(RecordType):
    """What a message says."""

    model, key, title = MailText, "mail_text", "opening"
    search = ["opening", "text"]
    uses = {
        **dict.fromkeys(("mail", "opening", "text", "customer"), _FIXED),
        # Only to be shown, in a conversation.
        **dict.fromkeys(("html", "quote_at", "quoted", "receivers", "calendar"), Use(hidden=True)),
        "owner": Use(readonly=True), "team": Use(readonly=True), "external_id": Use(hidden=True),
    }  # fmt: skip
    list_columns = ["opening", "mail", "customer"]
    page = [Section(_("E-mail"), "mail", "customer")]
    grants = _OWN
    private = True


@record_type
class MailFileType(RecordType):
    """A file that came with a message."""

    model, key, title = MailFile, "mail_file", "name"
    uses = {**dict.fromkeys(("text", "name", "file", "customer"), _FIXED), **_BASE}
    list_columns = ["name", "file", "text"]
    page = [Section(_("File"), "file", "text", "customer")]
    under = "text"


@record_type
class MailPersonType(RecordType):
    """Somebody who took part in a message, as we know them."""

    model, key, title = MailPerson, "mail_person", "address"
    uses = {**dict.fromkeys(("mail", "customer", "part", "address"), _FIXED), **_BASE}
    list_columns = ["customer", "part", "address", "mail"]
    page = [Section(_("Participant"), "customer", "part", "address", "mail")]
    under = "mail"


@record_type
class MailTemplateType(RecordType):
    """A text that is ready to be put into a message."""

    model, key, title = MailTemplate, "mail_template", "name"
    search = ["name", "subject", "body"]
    uses = {"owner": Use(default="me"), "external_id": Use(hidden=True)}
    list_columns = ["name", "subject", "language", "owner", "team"]
    page = [Section(_("Template"), "name", "subject", "body", "language"), Section(_("Whose"), "owner", "team")]
    views = {_("All templates"): "| name"}
    grants = {"management": "*:all", **dict.fromkeys(_ROLES[1:], "view:team create edit:team delete:own")}
    menu = ("settings", "mail")
    checks = (check_template,)
