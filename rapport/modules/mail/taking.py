"""Keeping messages: which ones, with whom, in which conversation, for whose eyes."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from django.core.files.uploadedfile import SimpleUploadedFile

from rapport.engines.calendar.itip import method_of
from rapport.engines.mail.models import Mailbox
from rapport.engines.mail.reading import Address, Message
from rapport.engines.mail.taking import Incoming, take_with
from rapport.kernel.changes.bulk import insert_rows
from rapport.kernel.errors import Invalid
from rapport.kernel.files.store import keep
from rapport.modules.mail.arriving import Arrival, is_claimed, tell_calendars, tell_of
from rapport.modules.mail.audience import settle
from rapport.modules.mail.handed_in import hand_in
from rapport.modules.mail.identity import message_key, threads
from rapport.modules.mail.models import Mail, MailParticipant, MailText
from rapport.modules.mail.newcomers import newcomers, write_down
from rapport.modules.mail.participants import Colleagues, colleagues, companies_of, customers_by_address, principals_of
from rapport.modules.mail.story import show_in_stories

if TYPE_CHECKING:
    from rapport.kernel.context import Context

log = logging.getLogger("rapport.mail")
_LONGEST_TEXT = 20_000
_LONGEST_HTML = 1_000_000
_LONGEST_QUOTE = 100_000
_LONGEST_CALENDAR = 100_000
_MOST_PEOPLE = 50


class Keeper:
    """The one who keeps messages for the mail engine."""

    def prepare(self, ctx: Context, mailbox: Mailbox, incoming: Sequence[Incoming]) -> None:
        """Skip what is not kept, and put the files of the rest into the store."""
        tell_calendars(ctx, mailbox, [one for one in incoming if _is_answer(mailbox, one)])
        ours = colleagues(ctx)
        customers = customers_by_address(ctx, {a.address for one in incoming for a in one.message.everybody})
        blocked = {word.lower().lstrip("@") for word in re.split(r"[\s,;]+", mailbox.blocked) if word}
        if mailbox.kind == "handed_in":
            incoming = self._handed_in(mailbox, incoming, ours)
            customers = customers_by_address(ctx, {a.address for one in incoming for a in one.message.everybody})
        keys = {one.uid: message_key(one.message) for one in incoming}
        claimed = is_claimed(ctx, mailbox)
        there = set(
            Mail.objects.filter(workspace_id=ctx.workspace.pk, message_key__in=keys.values()).values_list(
                "message_key", flat=True
            )
        )
        for one in incoming:
            message = one.message
            outsiders = [a for a in message.everybody if not ours.has(a)]
            is_out = one.is_sent or bool(message.sender and ours.has(message.sender))
            wanted = newcomers(mailbox, one, [a for a in outsiders if a.address not in customers], is_out=is_out)
            if not message.everybody:
                one.skip("broken")
            elif not outsiders:
                one.skip("internal")
            elif any(a.address in blocked or a.domain in blocked for a in outsiders):
                one.skip("blocked")
            elif not wanted and not any(a.address in customers for a in outsiders) and not (claimed and _is_asking(one, is_out)):
                one.skip("nobody")
            else:
                key = keys[one.uid]
                one.prepared |= {"key": key, "is_out": is_out, "newcomers": wanted}
                one.prepared["files"] = [] if key in there else _kept_files(ctx, message)

    def _handed_in(self, mailbox: Mailbox, incoming: Sequence[Incoming], ours: Colleagues) -> list[Incoming]:
        """What colleagues handed in, made into what it was; the rest is left out with the reason."""
        for one in incoming:
            if why := hand_in(mailbox, one, ours, vouched=_verdict(mailbox, one.message)):
                one.skip(why)
        return [one for one in incoming if not one.outcome]

    def store(self, ctx: Context, mailbox: Mailbox, incoming: Sequence[Incoming]) -> None:
        """Make records of what is new, join what is there, and open both to those who took part."""
        by_key = dict(
            Mail.objects.filter(workspace_id=ctx.workspace.pk, message_key__in=[one.prepared["key"] for one in incoming])
            .values_list("message_key", "pk")
        )  # fmt: skip
        fresh: dict[object, Incoming] = {}
        for one in incoming:
            if one.prepared["key"] not in by_key:
                fresh.setdefault(one.prepared["key"], one)
        made = _make(ctx, mailbox, list(fresh.values())) if fresh else {}
        ours = colleagues(ctx)
        parts: list[tuple[object, ...]] = []
        for one in incoming:
            key = one.prepared["key"]
            is_new = fresh.get(key) is one
            one.record_id = made.get(key) or by_key.get(str(key))
            one.outcome, one.why = ("stored" if is_new else "joined"), ""
            if one.record_id is not None:
                by = one.prepared.get("handed_by")
                people = {
                    *([f"u:{by.hex}"] if isinstance(by, UUID) else principals_of(mailbox)),
                    *(p for a in one.message.everybody for p in ours.principals.get(a.address, ())),
                }
                parts += [(ctx.workspace.pk, one.record_id, principal) for principal in people]
        touched = list({one.record_id for one in incoming if one.record_id is not None})
        there = set(
            MailParticipant.objects.filter(workspace_id=ctx.workspace.pk, mail_id__in=touched).values_list("mail_id", "principal")
        )
        new_parts = [row for row in dict.fromkeys(parts) if (row[1], row[2]) not in there]
        insert_rows(MailParticipant, ("workspace_id", "mail_id", "principal"), new_parts)
        settle(ctx, touched, coming_into=mailbox.pk)
        tell_of(ctx, mailbox, _arrivals(ctx, incoming))

    def left(self, ctx: Context, mailbox: Mailbox) -> None:
        """What a mailbox shares has changed: colleagues lose what they saw at once, and get back what they may."""
        from rapport.modules.mail.jobs import reshare

        reshare(ctx, mailbox.pk)


def _is_answer(mailbox: Mailbox, one: Incoming) -> bool:
    """Whether it may answer an invitation of ours: it came in, and nobody says that its sender is forged."""
    is_in = not one.is_sent and mailbox.kind != "handed_in"
    return bool(one.message.calendars) and is_in and _verdict(mailbox, one.message) != "fail"


def _invites(one: Incoming) -> str:
    """Whether a message from outside invites, calls off, or answers."""
    method = "" if one.prepared["is_out"] else next((found for text in one.message.calendars if (found := method_of(text))), "")
    return {"REQUEST": "request", "CANCEL": "cancel", "REPLY": "reply", "COUNTER": "reply"}.get(method, "")


def _is_asking(one: Incoming, is_out: bool) -> bool:
    """Whether a stranger wrote it who may want something; newsletters and machines do not."""
    return not is_out and one.message.automatic not in ("list", "bulk")


def _arrivals(ctx: Context, incoming: Sequence[Incoming]) -> list[Arrival]:
    """What outsiders wrote, with who they are."""
    kept = [one for one in incoming if one.record_id is not None and not one.prepared["is_out"] and one.message.sender]
    known = customers_by_address(ctx, {one.message.sender.address for one in kept if one.message.sender}) if kept else {}
    return [
        Arrival(one.record_id, one, known.get(one.message.sender.address))  # type: ignore[arg-type, union-attr]
        for one in kept
    ]


def _kept_files(ctx: Context, message: Message) -> list[tuple[str, dict[str, object]]]:
    found = []
    for one in message.attachments:
        try:
            found.append((one.name, keep(ctx, SimpleUploadedFile(one.name, one.data))))
        except Invalid:  # empty or too large: the rest of the message is kept
            continue
    return found


def _make(ctx: Context, mailbox: Mailbox, incoming: list[Incoming]) -> dict[object, UUID]:
    """The records of messages nobody has brought yet; returns ids by key."""
    strangers = {a.address: a for one in incoming for a in one.prepared["newcomers"]}  # type: ignore[attr-defined]
    made = write_down(ctx, mailbox, strangers)
    ours = colleagues(ctx)
    customers = customers_by_address(ctx, {a.address for one in incoming for a in one.message.everybody} | set(made))
    conversations = threads(ctx, [one.message for one in incoming])
    rows = [
        _mail_row(ctx, mailbox, one, thread, _main(one, ours, customers))
        for one, thread in zip(incoming, conversations, strict=True)
    ]
    ids = _all_made(ctx.create_many("mail", rows), rows)
    subjects, texts = [], []
    for one, row, pk in zip(incoming, rows, ids, strict=True):
        same = {"mail": pk, "owner": row["owner"], "team": row["team"]}
        subject = one.message.subject.strip()[:200] or "—"
        about = {name: row[name] for name in ("people", "happened_at", "direction", "customer")}
        subjects.append({**same, **about, "subject": subject})
        words = one.message.fresh_text[:_LONGEST_TEXT].strip()
        opening = shortened(re.sub(r"\s+", " ", words)) or subject[:120]
        texts.append({**same, "opening": opening, "text": words, "customer": row["customer"]})
    _all_made(ctx.create_many("mail_subject", subjects), subjects)
    text_ids = _all_made(ctx.create_many("mail_text", texts), texts)
    _beside(ctx, incoming, rows, text_ids)
    persons = _persons(ctx, incoming, ids, ours, customers)
    ctx.create_many("mail_person", persons)
    show_in_stories(ctx, [(pk, row["happened_at"], row["customer"]) for pk, row in zip(ids, rows, strict=True)], persons)  # type: ignore[misc]
    return {one.prepared["key"]: pk for one, pk in zip(incoming, ids, strict=True)}


def shortened(text: str, most: int = 120) -> str:
    """The first words of a text, cut between two of them."""
    if len(text) <= most:
        return text.strip()
    return text[: most - 1].rpartition(" ")[0].rstrip(" ,;:-") + "…"


def _all_made(result: object, rows: Sequence[object]) -> list[UUID]:
    """The ids in order; a row that was refused is a fault of ours, and the step must not go through half."""
    if result.errors:  # type: ignore[attr-defined]
        raise next(iter(result.errors.values()))  # type: ignore[attr-defined]
    return [result.ids[at] for at in range(len(rows))]  # type: ignore[attr-defined]


def _mail_row(ctx: Context, mailbox: Mailbox, one: Incoming, thread: str, customer: UUID | None) -> dict[str, object]:
    message = one.message
    is_shared = mailbox.kind == "shared"
    sent = message.sent_at or one.received_at or ctx.format.now
    return {
        "people": _people(message), "happened_at": min(sent, one.received_at or ctx.format.now, ctx.format.now),
        "direction": "out" if one.prepared["is_out"] else "in", "customer": customer, "mailbox": mailbox.pk,
        "sender": (message.sender.address if message.sender else "")[:254], "sender_check": _checked(mailbox, one),
        "automatic": message.automatic, "has_files": bool(one.prepared["files"]), "thread": thread,
        "invites": _invites(one),
        "message_id": message.message_id[:250], "message_key": one.prepared["key"],
        "owner": one.prepared.get("handed_by") or (None if is_shared else mailbox.owner_id),
        "team": None if "handed_by" in one.prepared else mailbox.team_id,
    }  # fmt: skip


def _people(message: Message) -> str:
    """Who wrote to whom, in one line."""
    sender = _shown(message.sender) if message.sender else "?"
    names = [_shown(one) for one in [*message.to, *message.cc]]
    line = f"{sender} → {', '.join(names[:4])}" if names else sender
    return (line if len(names) <= 4 else f"{line} +{len(names) - 4}")[:200]


def _shown(one: Address) -> str:
    return one.name or one.address


def _checked(mailbox: Mailbox, one: Incoming) -> str:
    """Whether the receiving server vouches for the sender; only a server that the mailbox names is believed."""
    # What is said of somebody who passes a message on says nothing of who wrote it.
    return "" if one.prepared["is_out"] or "handed_by" in one.prepared else _verdict(mailbox, one.message)


def _verdict(mailbox: Mailbox, message: Message) -> str:
    verdicts = message.verdicts
    if not mailbox.trusted_server or verdicts.server != mailbox.trusted_server.strip().lower():
        return ""
    if verdicts.dmarc:
        return "pass" if verdicts.dmarc == "pass" else "fail" if verdicts.dmarc == "fail" else ""
    return "pass" if verdicts.dkim == "pass" else "fail" if "fail" in (verdicts.spf, verdicts.dkim) else ""


def _main(one: Incoming, ours: Colleagues, customers: dict[str, object]) -> UUID | None:
    """The customer it is about first: who wrote, or the first one written to."""
    for a in one.message.everybody:
        if not ours.has(a) and a.address in customers:
            return customers[a.address].pk  # type: ignore[attr-defined, no-any-return]
    return None


def _beside(ctx: Context, incoming: Sequence[Incoming], rows: Sequence[dict[str, object]], text_ids: Sequence[UUID]) -> None:
    """What is only shown goes straight to its columns: nobody types it, and the log need not hold it a second time."""
    files = []
    for one, row, text_id in zip(incoming, rows, text_ids, strict=True):
        message = one.message
        receivers = "\n".join(
            f"{label} {', '.join(f'{a.name} <{a.address}>' if a.name else a.address for a in some[:100])}"
            for label, some in (("To:", message.to), ("Cc:", message.cc))
            if some
        )
        MailText.objects.filter(workspace_id=ctx.workspace.pk, pk=text_id).update(
            html=message.html[:_LONGEST_HTML], quote_at=min(message.quote_at, _LONGEST_HTML),
            quoted=message.quoted_text[:_LONGEST_QUOTE], receivers=receivers,
            calendar=(message.calendars[0][:_LONGEST_CALENDAR] if row["invites"] else None),
        )  # fmt: skip
        kept: list[tuple[str, dict[str, object]]] = one.prepared["files"]  # type: ignore[assignment]
        files += [{"text": text_id, "name": name[:200], "file": facts, "customer": row["customer"]} for name, facts in kept]
    if files:
        _all_made(ctx.create_many("mail_file", files), files)


def _persons(
    ctx: Context, incoming: Sequence[Incoming], ids: Sequence[UUID], ours: Colleagues, customers: dict[str, object]
) -> list[dict[str, object]]:
    """A row for each customer in a message, and for the companies they work at."""
    found: list[dict[str, object]] = []
    places = companies_of(ctx, [one.pk for one in customers.values()])  # type: ignore[attr-defined]
    for one, pk in zip(incoming, ids, strict=True):
        message, there = one.message, set()
        parts = [("from", message.sender)] if message.sender else []
        parts += [("to", a) for a in message.to] + [("cc", a) for a in [*message.cc, *message.bcc]]
        for part, a in parts:
            known = customers.get(a.address)
            if ours.has(a) or known is None or known.pk in there or len(there) >= _MOST_PEOPLE:  # type: ignore[attr-defined]
                continue
            there.add(known.pk)  # type: ignore[attr-defined]
            found.append({"mail": pk, "customer": known.pk, "part": part, "address": a.address})  # type: ignore[attr-defined]
        for person in list(there):
            for company in places.get(person, ()):
                if company not in there:
                    there.add(company)
                    found.append({"mail": pk, "customer": company, "part": "company", "address": ""})
    return found


take_with(Keeper())
