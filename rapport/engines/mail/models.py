"""Mailboxes, how far each has been read, and the ledger of every message seen in them."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from rapport.kernel.ids import new_id
from rapport.kernel.records.model import Record, record_indexes

SECURITY = [("tls", _("TLS from the start")), ("starttls", "STARTTLS"), ("none", _("None (this machine only)"))]
SHARES = [
    ("none", _("Nothing: only who took part sees it")), ("happened", _("That it happened")),
    ("subject", _("That it happened, and the subject")), ("everything", _("Everything")),
]  # fmt: skip


class Mailbox(Record):
    """A mailbox that Rapport reads, and sends through: a person's own, or one that a team shares."""

    KINDS = [("personal", _("Personal")), ("shared", _("Shared by a team")), ("handed_in", _("For handing in"))]
    CREATES = [
        ("never", _("Never")), ("written", _("When we wrote to them")), ("always", _("Always")),
    ]  # fmt: skip
    SIGN_INS = [("password", _("Password")), ("oauth2", "OAuth 2")]

    name = models.CharField(_("name"), max_length=120)
    address = models.EmailField(_("e-mail address"), max_length=254)
    kind = models.CharField(_("kind"), max_length=9, choices=KINDS, default="personal")
    share = models.CharField(
        _("colleagues see"), max_length=10, choices=SHARES, default="none",
        help_text=_("What colleagues see who did not take part. A customer or a conversation may say otherwise."),
    )  # fmt: skip
    creates = models.CharField(
        _("write down new people"), max_length=8, choices=CREATES, default="written",
        help_text=_("Addresses like info@ and newsletters never become people; free mail addresses never become a company."),
    )  # fmt: skip
    imap_host = models.CharField(_("incoming server (IMAP)"), max_length=250)
    imap_port = models.PositiveIntegerField(_("port"), default=993)
    imap_security = models.CharField(_("encryption"), max_length=8, choices=SECURITY, default="tls")
    user_name = models.CharField(_("user name"), max_length=250)
    smtp_host = models.CharField(
        _("outgoing server (SMTP)"), max_length=250, blank=True, help_text=_("Empty: this mailbox only reads.")
    )
    smtp_port = models.PositiveIntegerField(_("port of the outgoing server"), default=587)
    smtp_security = models.CharField(_("encryption of the outgoing server"), max_length=8, choices=SECURITY, default="starttls")
    sender_name = models.CharField(
        _("name of the sender"),
        max_length=120,
        blank=True,
        help_text=_("As receivers read it; empty is the name of whoever writes."),
    )
    signature = models.TextField(_("signature"), max_length=4000, blank=True)
    sign_in = models.CharField(_("signs in with"), max_length=8, choices=SIGN_INS, default="password")
    token_url = models.CharField(
        _("token address"), max_length=500, blank=True, help_text=_("Where a refresh token is changed for an access token.")
    )
    client_id = models.CharField(_("client id"), max_length=250, blank=True)
    folders = models.CharField(
        _("folders"), max_length=500, blank=True, help_text=_("Separated by commas; empty reads the inbox and what was sent.")
    )
    blocked = models.TextField(
        _("never keep mail with"), blank=True, help_text=_("Addresses or whole domains, separated by commas or lines.")
    )
    trusted_server = models.CharField(
        _("receiving server"), max_length=250, blank=True,
        help_text=_("The name your server writes into Authentication-Results; without it no sender counts as verified."),
    )  # fmt: skip
    is_active = models.BooleanField(pgettext_lazy("mailbox", "active"), default=True)

    class Meta(Record.Meta):
        verbose_name, verbose_name_plural = _("mailbox"), _("mailboxes")
        indexes = record_indexes("mailbox")
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "address"], condition=Q(deleted_at__isnull=True), name="mailbox_address_once"
            )
        ]


class MailboxState(models.Model):
    """How a mailbox does, and its secrets; no record, because nobody types or sees it."""

    mailbox_id = models.UUIDField(primary_key=True)
    workspace = models.ForeignKey("kernel.Workspace", models.CASCADE, related_name="+", db_index=False)
    #: Sealed: the password, or the refresh token; the client's secret; the access token of the moment.
    secret = models.TextField(blank=True)
    client_secret = models.TextField(blank=True)
    access_token = models.TextField(blank=True)
    access_until = models.DateTimeField(null=True)
    job_id = models.UUIDField(null=True)
    tried_at = models.DateTimeField(null=True)
    good_at = models.DateTimeField(null=True)
    next_at = models.DateTimeField(null=True)
    failures = models.PositiveIntegerField(default=0)
    #: Code of what is wrong; "" when nothing is.
    problem = models.CharField(max_length=20, blank=True)
    #: When server and ledger were last counted against each other, and how many messages were missing.
    counted_at = models.DateTimeField(null=True)
    missing = models.PositiveIntegerField(default=0)
    #: Addresses to look for again.
    look_for = models.JSONField(default=list)
    made_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["workspace", "next_at"], name="mailboxstate_next_ix")]


class FolderState(models.Model):
    """How far a folder has been read: from `bottom` to `top` all is in the ledger; above is new, below is older."""

    id = models.BigAutoField(primary_key=True)
    workspace = models.ForeignKey("kernel.Workspace", models.CASCADE, related_name="+", db_index=False)
    mailbox_id = models.UUIDField()
    name = models.CharField(max_length=250)
    uidvalidity = models.BigIntegerField()
    top = models.BigIntegerField(default=0)
    bottom = models.BigIntegerField(default=0)
    on_server = models.PositiveIntegerField(default=0)
    is_sent = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "mailbox_id", "name"], name="mailfolder_once")]


class SeenMessage(models.Model):
    """One line of the ledger: a message that was seen, and what became of it."""

    STORED, JOINED, SKIPPED = "stored", "joined", "skipped"

    id = models.BigAutoField(primary_key=True)
    workspace = models.ForeignKey("kernel.Workspace", models.CASCADE, related_name="+", db_index=False)
    mailbox_id = models.UUIDField()
    folder = models.CharField(max_length=250)
    uidvalidity = models.BigIntegerField()
    uid = models.BigIntegerField()
    message_id = models.CharField(max_length=250)
    size = models.PositiveIntegerField()
    outcome = models.CharField(max_length=7)
    #: Why it was skipped: internal, blocked, nobody, too_large, broken.
    why = models.CharField(max_length=12, blank=True)
    record_id = models.UUIDField(null=True)
    seen_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "mailbox_id", "folder", "uidvalidity", "uid"], name="seenmessage_once")
        ]
        indexes = [
            models.Index(fields=["workspace", "record_id", "mailbox_id"], name="seenmessage_record_ix"),
            models.Index(fields=["workspace", "mailbox_id", "record_id"], name="seenmessage_box_ix"),
            models.Index(fields=["workspace", "mailbox_id", "message_id"], name="seenmessage_messageid_ix"),
            models.Index(fields=["workspace", "mailbox_id", "outcome", "why", "-id"], name="seenmessage_outcome_ix"),
            models.Index(fields=["workspace", "mailbox_id", "-id"], name="seenmessage_latest_ix"),
        ]


class OutgoingMail(models.Model):
    """A message on its way out. No record: private to whoever wrote it and to the module that queued it."""

    WAITING, SENDING, SENT, FAILED, UNCERTAIN, TAKEN_BACK = "waiting", "sending", "sent", "failed", "uncertain", "taken_back"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    workspace = models.ForeignKey("kernel.Workspace", models.CASCADE, related_name="+", db_index=False)
    mailbox_id = models.UUIDField()
    #: The user; None for what Rapport wrote by rule.
    writer_id = models.UUIDField(null=True)
    writer_name = models.CharField(max_length=200, blank=True)
    #: Made by rule and not by hand: it says so (Auto-Submitted), and no program answers it.
    is_automatic = models.BooleanField(default=False)
    state = models.CharField(max_length=10, default=WAITING)
    send_at = models.DateTimeField()
    subject = models.CharField(max_length=500, blank=True)
    text = models.TextField(blank=True)
    html = models.TextField(blank=True)
    #: Lists of {"address", "name"}.
    to = models.JSONField(default=list)
    cc = models.JSONField(default=list)
    bcc = models.JSONField(default=list)
    #: Stored files, as file fields hold them.
    files = models.JSONField(default=list)
    #: An invitation, its change or its answer (iTIP), as calendars read it; and what it wants (REQUEST …).
    calendar = models.TextField(blank=True)
    calendar_method = models.CharField(max_length=10, blank=True)
    #: Without brackets; made when queued, the same at every attempt.
    message_id = models.CharField(max_length=250)
    in_reply_to = models.CharField(max_length=250, blank=True)
    #: Message-IDs, oldest first.
    references = models.JSONField(default=list)
    about_type = models.CharField(max_length=40, blank=True)
    about_id = models.UUIDField(null=True)
    remind_at = models.DateTimeField(null=True)
    attempts = models.PositiveIntegerField(default=0)
    #: Whose attempt it is: whoever lost it may not go on.
    claim = models.UUIDField(null=True)
    claimed_at = models.DateTimeField(null=True)
    #: Set before the last line goes to the server: from then on nobody knows whether it was taken, until the answer.
    handed_at = models.DateTimeField(null=True)
    problem = models.CharField(max_length=20, blank=True)
    #: What the server said.
    said = models.CharField(max_length=500, blank=True)
    sent_at = models.DateTimeField(null=True)
    #: The message as a record, once the keeper has it.
    record_id = models.UUIDField(null=True)
    #: Status code of a delivery report ("5.1.1"), and what it said.
    bounced = models.CharField(max_length=12, blank=True)
    bounce_text = models.CharField(max_length=500, blank=True)
    made_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["workspace", "state", "send_at"], name="outgoing_due_ix"),
            models.Index(fields=["workspace", "writer_id", "state", "-made_at"], name="outgoing_writer_ix"),
            models.Index(fields=["workspace", "mailbox_id", "message_id"], name="outgoing_messageid_ix"),
            models.Index(fields=["workspace", "about_type", "about_id"], name="outgoing_about_ix"),
            models.Index(fields=["workspace", "remind_at"], name="outgoing_remind_ix", condition=Q(remind_at__isnull=False)),
        ]


class AutomaticAnswer(models.Model):
    """That a program wrote to an address on a day, and how often: the last guard against two programs that answer each other."""

    id = models.BigAutoField(primary_key=True)
    workspace = models.ForeignKey("kernel.Workspace", models.CASCADE, related_name="+", db_index=False)
    address = models.CharField(max_length=254)
    day = models.DateField()
    many = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "address", "day"], name="automaticanswer_once")]


class BouncedAddress(models.Model):
    """An address to which a message could not be delivered, until something gets through again."""

    id = models.BigAutoField(primary_key=True)
    workspace = models.ForeignKey("kernel.Workspace", models.CASCADE, related_name="+", db_index=False)
    address = models.CharField(max_length=254)
    status = models.CharField(max_length=12, blank=True)
    text = models.CharField(max_length=500, blank=True)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "address"], name="bouncedaddress_once")]
