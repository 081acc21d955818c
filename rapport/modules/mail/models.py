"""Messages, in layers that are shared one by one: that it happened, its subject, its text and files."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from rapport.engines.mail.models import SHARES, Mailbox
from rapport.kernel.kinds import FileField
from rapport.kernel.records.model import Record, record_indexes
from rapport.modules.customers.models import Customer


class Mail(Record):
    """That a message went to and fro: when, between whom, through which mailbox."""

    DIRECTIONS = [("in", _("Received")), ("out", _("Sent"))]
    SENDERS = [("", _("Not checked")), ("pass", _("Checked")), ("fail", _("Perhaps forged"))]
    AUTOMATIC = [
        ("", _("Written by a person")), ("report", _("Delivery report")), ("reply", _("Automatic answer")),
        ("list", _("Mailing list")), ("bulk", _("Sent to many")),
    ]  # fmt: skip

    INVITES = [("request", _("Invitation")), ("cancel", _("Called off")), ("reply", _("Answer to an invitation"))]

    people = models.CharField(_("from and to"), max_length=200)
    happened_at = models.DateTimeField(_("when"))
    direction = models.CharField(_("direction"), max_length=3, choices=DIRECTIONS)
    customer = models.ForeignKey(
        Customer, models.PROTECT, null=True, blank=True, related_name="mails", verbose_name=_("customer")
    )
    mailbox = models.ForeignKey(Mailbox, models.PROTECT, related_name="+", verbose_name=_("mailbox"))
    sender = models.CharField(_("sender"), max_length=254, blank=True)
    sender_check = models.CharField(_("sender checked"), max_length=4, choices=SENDERS, blank=True)
    automatic = models.CharField(_("automatic"), max_length=6, choices=AUTOMATIC, blank=True)
    has_files = models.BooleanField(_("with files"), default=False)
    invites = models.CharField(_("invitation"), max_length=8, choices=INVITES, blank=True)
    #: Which conversation it belongs to.
    thread = models.CharField(_("conversation"), max_length=32)
    message_id = models.CharField("Message-ID", max_length=250)
    #: What makes it this message and no other, whichever mailbox brings it (`identity.py`).
    message_key = models.CharField(_("identity"), max_length=64)

    class Meta(Record.Meta):
        verbose_name, verbose_name_plural = _("e-mail exchange"), _("e-mail exchanges")
        indexes = [
            *record_indexes("mail", "happened_at", "customer", ("thread", "happened_at"), "mailbox"),
            models.Index(fields=["workspace", "message_id"], name="mail_message_id_ix"),
        ]
        constraints = [models.UniqueConstraint(fields=["workspace", "message_key"], name="mail_once")]


class MailSubject(Record):
    """The subject of a message."""

    mail = models.ForeignKey(Mail, models.PROTECT, related_name="subjects", verbose_name=_("e-mail"))
    subject = models.CharField(_("subject"), max_length=200)
    people = models.CharField(_("from and to"), max_length=200, blank=True)
    happened_at = models.DateTimeField(_("when"))
    direction = models.CharField(_("direction"), max_length=3, choices=Mail.DIRECTIONS)
    customer = models.ForeignKey(Customer, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("customer"))

    class Meta(Record.Meta):
        verbose_name, verbose_name_plural = _("e-mail"), _("e-mails")
        indexes = record_indexes("mailsubject", "mail", "happened_at", "customer")


class MailText(Record):
    """What a message says: its writer's own words; and, only to be shown, its HTML and what it quotes."""

    mail = models.ForeignKey(Mail, models.PROTECT, related_name="texts", verbose_name=_("e-mail"))
    opening = models.CharField(_("begins with"), max_length=120)
    text = models.TextField(_("text"), blank=True)
    customer = models.ForeignKey(Customer, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("customer"))
    #: The rest is no field: neither searched nor logged, so that a newsletter's HTML is kept once.
    html = models.TextField(blank=True, editable=False)
    quote_at = models.PositiveIntegerField(default=0, editable=False)
    quoted = models.TextField(blank=True, editable=False)
    #: Everybody it went to, with names, as the message says.
    receivers = models.TextField(blank=True, editable=False)
    #: What calendars read in it (iTIP); NULL in nearly all messages.
    calendar = models.TextField(null=True, blank=True, editable=False)

    class Meta(Record.Meta):
        verbose_name, verbose_name_plural = _("e-mail text"), _("e-mail texts")
        indexes = record_indexes("mailtext", "mail", "customer")


class MailFile(Record):
    """A file that came with a message."""

    text = models.ForeignKey(MailText, models.PROTECT, related_name="files", verbose_name=_("e-mail text"))
    name = models.CharField(_("name"), max_length=200)
    file = FileField(_("file"), null=True, blank=True)
    customer = models.ForeignKey(Customer, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("customer"))

    class Meta(Record.Meta):
        verbose_name, verbose_name_plural = _("e-mail file"), _("e-mail files")
        indexes = record_indexes("mailfile", "text", "customer")


class MailPerson(Record):
    """Somebody who took part in a message, as we know them."""

    PARTS = [("from", _("From")), ("to", _("To")), ("cc", "Cc"), ("company", _("Their company"))]

    mail = models.ForeignKey(Mail, models.PROTECT, related_name="persons", verbose_name=_("e-mail"))
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="+", verbose_name=_("customer"))
    part = models.CharField(_("part"), max_length=7, choices=PARTS)
    address = models.CharField(_("address"), max_length=254, blank=True)

    class Meta(Record.Meta):
        verbose_name, verbose_name_plural = _("e-mail participant"), _("e-mail participants")
        indexes = record_indexes("mailperson", "mail", "customer")


class MailTemplate(Record):
    """A text that is ready to be put into a message."""

    name = models.CharField(_("name"), max_length=120)
    subject = models.CharField(_("subject"), max_length=200, blank=True)
    body = models.TextField(
        _("text"), help_text=_("Placeholders such as {{person.first_name}}, {{customer.name}}, {{me.name}} are filled in.")
    )
    language = models.CharField(
        _("language"), max_length=10, blank=True, help_text=_("A code such as de; empty is for every language.")
    )

    class Meta(Record.Meta):
        verbose_name, verbose_name_plural = _("mail template"), _("mail templates")
        indexes = record_indexes("mailtemplate")


class MailParticipant(models.Model):
    """A colleague who took part in a message, or a team whose mailbox did: whoever sees all of it, whatever is shared."""

    id = models.BigAutoField(primary_key=True)
    workspace = models.ForeignKey("kernel.Workspace", models.CASCADE, related_name="+", db_index=False)
    mail_id = models.UUIDField()
    #: As grants name people and teams: u:… or t:….
    principal = models.CharField(max_length=34)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "mail_id", "principal"], name="mailparticipant_once")]


class MailSharing(models.Model):
    """What somebody who took part shares of a customer's mail or of one conversation, other than their mailbox does."""

    id = models.BigAutoField(primary_key=True)
    workspace = models.ForeignKey("kernel.Workspace", models.CASCADE, related_name="+", db_index=False)
    mailbox_id = models.UUIDField()
    #: A customer's id, or a conversation as a UUID.
    about_id = models.UUIDField()
    share = models.CharField(max_length=10, choices=SHARES)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "mailbox_id", "about_id"], name="mailsharing_once")]
