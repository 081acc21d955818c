"""Working hours with their holidays, what is promised to whom, queues and who works in them, tickets and what is written in
them, complaints; and three tables beside the tickets that nobody types: moments of the clocks, alarms, who is looking."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from rapport.engines.mail.models import Mailbox
from rapport.kernel.ids import new_id
from rapport.kernel.kinds import MoneyField, TagsField
from rapport.kernel.kinds.file import FileField
from rapport.kernel.records.model import Record, record_indexes
from rapport.modules.customers.models import Customer

PRIORITIES = [("urgent", _("Urgent")), ("high", _("High")), ("normal", _("Normal")), ("low", _("Low"))]


class ServiceHours(Record):
    """When somebody is there, week by week: promises count these hours only."""

    name = models.CharField(_("name"), max_length=80)
    zone = models.CharField(_("time zone"), max_length=60, blank=True, help_text=_("Empty is the zone of the company."))
    monday = models.CharField(
        _("Monday"), max_length=80, blank=True, help_text=_("Such as 09:00-12:30, 13:30-17:00; empty is closed.")
    )
    tuesday = models.CharField(_("Tuesday"), max_length=80, blank=True)
    wednesday = models.CharField(_("Wednesday"), max_length=80, blank=True)
    thursday = models.CharField(_("Thursday"), max_length=80, blank=True)
    friday = models.CharField(_("Friday"), max_length=80, blank=True)
    saturday = models.CharField(_("Saturday"), max_length=80, blank=True)
    sunday = models.CharField(_("Sunday"), max_length=80, blank=True)

    class Meta(Record.Meta):
        verbose_name, verbose_name_plural = _("service hours"), _("service hours")
        indexes = record_indexes("servicehours")


class Holiday(Record):
    """A day on which nobody is there."""

    hours = models.ForeignKey(ServiceHours, models.PROTECT, related_name="holidays", verbose_name=_("service hours"))
    name = models.CharField(_("name"), max_length=80)
    day = models.DateField(_("day"))

    class Meta(Record.Meta):
        verbose_name, verbose_name_plural = _("holiday"), _("holidays")
        indexes = record_indexes("holiday", ("hours", "day"))


class ServiceLevel(Record):
    """What is promised (SLA): within which hours, and how soon for each priority."""

    name = models.CharField(_("name"), max_length=80)
    hours = models.ForeignKey(ServiceHours, models.PROTECT, related_name="levels", verbose_name=_("service hours"))

    class Meta(Record.Meta):
        verbose_name, verbose_name_plural = _("service level"), _("service levels")
        indexes = record_indexes("servicelevel")


class ServicePromise(Record):
    """How soon tickets of a priority are answered and solved, in minutes of the service hours."""

    level = models.ForeignKey(ServiceLevel, models.PROTECT, related_name="promises", verbose_name=_("service level"))
    priority = models.CharField(_("priority"), max_length=8, choices=PRIORITIES, default="normal")
    reply_minutes = models.PositiveIntegerField(_("first reply within minutes"), null=True, blank=True)
    solve_minutes = models.PositiveIntegerField(_("solved within minutes"), null=True, blank=True)

    class Meta(Record.Meta):
        verbose_name, verbose_name_plural = _("promise"), _("promises")
        indexes = record_indexes("servicepromise", "level")


class Queue(Record):
    """Where tickets of one sort wait for whoever does them."""

    GIVES = [("nobody", _("Nobody")), ("turns", _("Members in turn")), ("least", _("The member with the fewest open tickets"))]

    name = models.CharField(_("name"), max_length=80)
    position = models.PositiveSmallIntegerField(_("position"), default=100)
    level = models.ForeignKey(
        ServiceLevel, models.PROTECT, null=True, blank=True, related_name="queues", verbose_name=_("service level")
    )
    reopen_days = models.PositiveSmallIntegerField(
        _("opens again for days"), default=14,
        help_text=_("An answer that comes later after solving makes a new ticket, linked to the old one."),
    )  # fmt: skip
    lead = models.ForeignKey(
        "kernel.User", models.PROTECT, null=True, blank=True, related_name="+", db_index=False, verbose_name=_("lead"),
        help_text=_("Hears of promises that were broken."),
    )  # fmt: skip
    gives = models.CharField(
        _("new tickets go to"), max_length=6, choices=GIVES, default="nobody",
        help_text=_("Members who are away get none; members with a skill that is among the tags of the ticket come first."),
    )  # fmt: skip
    warn_minutes = models.PositiveIntegerField(
        _("warns before minutes"), default=60, help_text=_("So long before a promise is due its owner is told.")
    )
    complaint_days = models.PositiveSmallIntegerField(
        _("answers complaints within days"), default=14, help_text=_("Every complaint gets a day by which it is to be answered.")
    )
    mailbox = models.ForeignKey(
        Mailbox, models.PROTECT, null=True, blank=True, related_name="+", db_index=False, verbose_name=_("mailbox"),
        help_text=_("What comes into this shared mailbox becomes a ticket here, and replies go out through it."),
    )  # fmt: skip
    #: From when on: what came before the mailbox was chosen stays mail.
    mail_since = models.DateTimeField(_("tickets by mail since"), null=True, blank=True, editable=False)
    receipt = models.TextField(
        _("receipt"), blank=True, max_length=4000,
        help_text=_("Sent once to whoever opens a ticket by mail. May hold {{ticket.number}} and {{person.name}}."),
    )  # fmt: skip
    raises = models.BooleanField(
        _("raises the priority"), default=False, help_text=_("A ticket whose promise was broken gets the next higher priority.")
    )
    in_portal = models.BooleanField(
        _("offered in the portal"), default=False, help_text=_("Customers may choose it when they write a ticket in the portal.")
    )
    portal_name = models.CharField(
        _("name for customers"), max_length=80, blank=True, help_text=_("What the portal calls it; empty is its own name.")
    )

    class Meta(Record.Meta):
        verbose_name, verbose_name_plural = _("queue"), _("queues")
        indexes = record_indexes("queue", "position")


class QueueMember(Record):
    """Somebody who works in a queue: what they know, and when they are away."""

    queue = models.ForeignKey(Queue, models.PROTECT, related_name="members", verbose_name=_("queue"))
    person = models.ForeignKey("kernel.User", models.PROTECT, related_name="+", verbose_name=_("person"))
    skills = TagsField(_("skills"), blank=True)
    away_from = models.DateField(_("away from"), null=True, blank=True)
    away_until = models.DateField(_("away until"), null=True, blank=True)
    given_at = models.DateTimeField(_("last given a ticket"), null=True, blank=True, editable=False)

    class Meta(Record.Meta):
        verbose_name, verbose_name_plural = _("queue member"), _("queue members")
        indexes = record_indexes("queuemember", "queue", "person")


class SavedReply(Record):
    """A text that is written often, and what is set when it goes out."""

    THEN = [("wait", _("Wait for the customer")), ("stay", _("Go on working")), ("solve", _("Solved"))]

    name = models.CharField(_("name"), max_length=80)
    body = models.TextField(
        _("text"), help_text=_("May hold {{customer.name}}, {{person.name}}, {{ticket.number}}, {{ticket.subject}}, {{me.name}}.")
    )
    then = models.CharField(_("afterwards"), max_length=5, choices=THEN, default="wait")
    priority = models.CharField(_("sets the priority"), max_length=8, choices=PRIORITIES, blank=True)
    tags = TagsField(_("adds the tags"), blank=True)
    queue = models.ForeignKey(
        Queue, models.PROTECT, null=True, blank=True, related_name="saved_replies", verbose_name=_("queue"),
        help_text=_("Empty is offered in every queue."),
    )  # fmt: skip

    class Meta(Record.Meta):
        verbose_name, verbose_name_plural = _("saved reply"), _("saved replies")
        indexes = record_indexes("savedreply", "queue")


class Ticket(Record):
    """A question, problem, complaint or request of a customer, until it is solved."""

    KINDS = [
        ("question", _("Question")), ("problem", _("Problem")), ("complaint", _("Complaint")), ("request", _("Request")),
    ]  # fmt: skip
    STATES = [
        ("new", _("New")), ("open", _("In work")), ("waiting", _("Waiting for the customer")), ("held", _("On hold")),
        ("solved", _("Solved")), ("closed", _("Closed")),
    ]  # fmt: skip
    CHANNELS = [
        ("email", _("E-mail")), ("phone", _("Phone")), ("portal", _("Portal")), ("form", _("Form")), ("chat", _("Chat")),
        ("visit", _("Visit")), ("letter", _("Letter")),
    ]  # fmt: skip

    subject = models.CharField(_("subject"), max_length=200)
    number = models.PositiveBigIntegerField(_("number"), null=True, blank=True)
    kind = models.CharField(_("kind"), max_length=10, choices=KINDS, default="question")
    state = models.CharField(_("state"), max_length=8, choices=STATES, default="new")
    priority = models.CharField(_("priority"), max_length=8, choices=PRIORITIES, default="normal")
    queue = models.ForeignKey(Queue, models.PROTECT, related_name="tickets", verbose_name=_("queue"))
    category = models.CharField(_("category"), max_length=80, blank=True)
    product = models.CharField(_("product"), max_length=120, blank=True)
    channel = models.CharField(_("came by"), max_length=8, choices=CHANNELS, blank=True)
    customer = models.ForeignKey(
        Customer, models.PROTECT, null=True, blank=True, related_name="tickets", verbose_name=_("customer")
    )
    person = models.ForeignKey(
        Customer, models.PROTECT, null=True, blank=True, related_name="asked_tickets", verbose_name=_("asked by")
    )
    body = models.TextField(_("what it is about"), blank=True)
    answer = models.TextField(_("how it was solved"), blank=True)
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="children", verbose_name=_("part of"))
    tags = TagsField(_("tags"), blank=True)
    opened_at = models.DateTimeField(_("opened"), null=True, blank=True)
    replied_at = models.DateTimeField(_("first reply"), null=True, blank=True)
    solved_at = models.DateTimeField(_("solved at"), null=True, blank=True)
    #: What the clock still waits for, and when: the sooner of reply and solution.
    reply_due_at = models.DateTimeField(_("reply due"), null=True, blank=True, editable=False)
    solve_due_at = models.DateTimeField(_("solution due"), null=True, blank=True, editable=False)
    due_at = models.DateTimeField(_("due"), null=True, blank=True, editable=False)
    #: Since when a word of the customer waits for ours.
    heard_at = models.DateTimeField(_("customer waits since"), null=True, blank=True, editable=False)
    #: The ticket that this one was put together with; its entries are shown there.
    merged_into = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="merged", verbose_name=_("merged into"), editable=False
    )
    #: The ticket after whose end this one began, when the customer came back too late to open it again.
    follows = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="followed_by", verbose_name=_("follows"), editable=False
    )
    #: Put aside: since when, and until when; no end is until the customer answers.
    aside_since = models.DateTimeField(_("put aside"), null=True, blank=True, editable=False)
    aside_until = models.DateTimeField(_("put aside until"), null=True, blank=True, editable=False)
    aside_by = models.ForeignKey(
        "kernel.User", models.PROTECT, null=True, blank=True, related_name="+", db_index=False, verbose_name=_("put aside by"),
        editable=False,
    )  # fmt: skip
    minutes = models.PositiveIntegerField(_("minutes spent"), default=0, editable=False)
    reopened = models.PositiveSmallIntegerField(_("times opened again"), default=0, editable=False)

    class Meta(Record.Meta):
        verbose_name, verbose_name_plural = _("ticket"), _("tickets")
        indexes = record_indexes(
            "ticket", "number", "due_at", "opened_at", ("customer", "opened_at"), ("person", "opened_at"), "parent",
            "merged_into", "aside_until", ("state", "due_at"), ("queue", "due_at"), ("owner", "state", "due_at"),
            ("state", "updated_at"),
        )  # fmt: skip
        constraints = [models.UniqueConstraint(fields=["workspace", "number"], name="ticket_number_once")]


class TicketEntry(Record):
    """Something written in a ticket: a reply, an answer of the customer, or a note that stays inside."""

    KINDS = [("reply", _("Reply")), ("answer", _("From the customer")), ("note", _("Internal note"))]

    ticket = models.ForeignKey(Ticket, models.PROTECT, related_name="entries", verbose_name=_("ticket"))
    kind = models.CharField(_("kind"), max_length=6, choices=KINDS, default="note")
    body = models.TextField(_("text"))
    at = models.DateTimeField(_("time"), null=True, blank=True)
    author = models.ForeignKey(
        "kernel.User", models.PROTECT, null=True, blank=True, related_name="+", db_index=False, verbose_name=_("written by")
    )
    person = models.ForeignKey(
        Customer, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("customer who wrote")
    )
    minutes = models.PositiveSmallIntegerField(_("minutes spent"), null=True, blank=True)

    class Meta(Record.Meta):
        verbose_name, verbose_name_plural = _("entry"), _("entries")
        indexes = record_indexes("ticketentry", ("ticket", "at"))


class TicketFile(Record):
    """A file in a ticket: of what was asked, of a reply, an answer or an internal note."""

    ticket = models.ForeignKey(Ticket, models.PROTECT, related_name="files", verbose_name=_("ticket"))
    #: None for a file that came with the question itself.
    entry = models.ForeignKey(TicketEntry, models.PROTECT, null=True, blank=True, related_name="files", verbose_name=_("entry"))
    name = models.CharField(_("name"), max_length=255)
    file = FileField(_("file"), null=True, blank=True)
    #: Beside an internal note. Said by the file itself, so that it stays inside whatever becomes of the note.
    is_internal = models.BooleanField(_("internal"), default=False)

    class Meta(Record.Meta):
        verbose_name, verbose_name_plural = _("ticket file"), _("ticket files")
        indexes = record_indexes("ticketfile", "ticket", "entry")


class TicketWatcher(Record):
    """Somebody who wants to hear of a ticket that is not theirs."""

    ticket = models.ForeignKey(Ticket, models.PROTECT, related_name="watchers", verbose_name=_("ticket"))
    person = models.ForeignKey("kernel.User", models.PROTECT, related_name="+", verbose_name=_("person"))

    class Meta(Record.Meta):
        verbose_name, verbose_name_plural = _("watcher"), _("watchers")
        indexes = record_indexes("ticketwatcher", "ticket", "person")


class ComplaintCause(Record):
    """Why customers complain: a list that the company owns."""

    name = models.CharField(_("name"), max_length=80)
    position = models.PositiveSmallIntegerField(_("position"), default=100)

    class Meta(Record.Meta):
        verbose_name, verbose_name_plural = _("cause of complaints"), _("causes of complaints")
        indexes = record_indexes("complaintcause", "position")


class Complaint(Record):
    """How a complaint is made good: respect, responsibility, refund; and what is learned from it."""

    STEPS = [
        ("received", _("Received")), ("looked_into", _("Looked into")), ("answered", _("Answered")),
        ("made_good", _("Made good")), ("learned", _("Learned from")),
    ]  # fmt: skip
    MADE_GOOD = [
        ("refund", _("Refund")), ("credit", _("Credit")), ("replacement", _("Replacement")), ("apology", _("Apology")),
    ]  # fmt: skip

    ticket = models.ForeignKey(Ticket, models.PROTECT, related_name="complaints", verbose_name=_("ticket"))
    step = models.CharField(_("step"), max_length=11, choices=STEPS, default="received")
    cause = models.ForeignKey(
        ComplaintCause, models.PROTECT, null=True, blank=True, related_name="complaints", verbose_name=_("cause")
    )
    responsible = models.ForeignKey(
        "kernel.User", models.PROTECT, null=True, blank=True, related_name="+", db_index=False, verbose_name=_("responsible")
    )
    answer_by = models.DateField(_("answer by"), null=True, blank=True)
    made_good_by = models.CharField(_("made good by"), max_length=11, choices=MADE_GOOD, blank=True)
    amount = MoneyField(_("amount"), null=True, blank=True)
    lesson = models.TextField(_("what we learned"), blank=True)

    class Meta(Record.Meta):
        verbose_name, verbose_name_plural = _("complaint"), _("complaints")
        indexes = record_indexes("complaint", "ticket", "cause", "answer_by", "amount_base", ("step", "answer_by"))


class TicketMoment(models.Model):
    """What made the clocks of a ticket go after it began: written with the change of its state, and typed by nobody."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    workspace = models.ForeignKey("kernel.Workspace", models.CASCADE, related_name="+", db_index=False)
    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="+", db_index=False)
    at = models.DateTimeField()
    #: "replied", "waiting", "resumed", "solved" or "reopened".
    what = models.CharField(max_length=8)

    class Meta:
        indexes = [models.Index(fields=["workspace", "ticket", "at"], name="ticketmoment_ix")]


class TicketAlarm(models.Model):
    """That somebody was told of a promise: each is told once, which this row holds."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    workspace = models.ForeignKey("kernel.Workspace", models.CASCADE, related_name="+", db_index=False)
    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="+", db_index=False)
    #: "replied" or "solved", and how often the ticket had been opened again.
    clock = models.CharField(max_length=7)
    turn = models.PositiveSmallIntegerField(default=0)
    #: "near" or "late".
    step = models.CharField(max_length=4)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "ticket", "clock", "turn", "step"], name="ticketalarm_once")]


class TicketLook(models.Model):
    """That somebody has a ticket open: forgotten by itself after half a minute without a sign."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    workspace = models.ForeignKey("kernel.Workspace", models.CASCADE, related_name="+", db_index=False)
    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="+", db_index=False)
    user = models.ForeignKey("kernel.User", models.CASCADE, related_name="+", db_index=False)
    seen_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "ticket", "user"], name="ticketlook_once")]


class TicketMail(models.Model):
    """Which message belongs to which ticket: one that came, one that was sent, or the receipt. Its words stand in an entry."""

    id = models.BigAutoField(primary_key=True)
    workspace = models.ForeignKey("kernel.Workspace", models.CASCADE, related_name="+", db_index=False)
    ticket_id = models.UUIDField()
    #: None for the message that opened the ticket, and for its receipt.
    entry_id = models.UUIDField(null=True)
    #: The message as a record, which only those see who take part in the mailbox.
    mail_id = models.UUIDField(null=True)
    #: The message in the outbox.
    outgoing_id = models.UUIDField(null=True)
    message_id = models.CharField(max_length=250)
    #: Whether its writer belonged to the conversation before; replies go to nobody else.
    is_known = models.BooleanField(default=True)
    #: It could not be delivered, and the ticket has been told.
    is_lost = models.BooleanField(default=False)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "mail_id"], condition=models.Q(mail_id__isnull=False), name="ticketmail_once"
            )
        ]
        indexes = [
            models.Index(fields=["workspace", "ticket_id", "at"], name="ticketmail_ticket_ix"),
            models.Index(fields=["workspace", "message_id"], name="ticketmail_messageid_ix"),
            models.Index(fields=["workspace", "outgoing_id"], name="ticketmail_outgoing_ix"),
        ]


from rapport.modules.service.chat_models import ChatWidget  # noqa: E402, F401  # Django looks for models here
