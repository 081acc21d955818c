"""Reading mailboxes on a real server: everything once, nothing touched, and every message accounted for."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable

import pytest

from rapport.engines.mail import fetching
from rapport.engines.mail.models import FolderState, Mailbox, MailboxState, SeenMessage
from rapport.kernel.errors import Invalid
from rapport.modules.mail.models import Mail, MailSubject
from tests.cast import Cast
from tests.mail.conftest import read
from tests.mail.dovecot import Dovecot
from tests.mail.letters import letter

NewMailbox = Callable[..., Mailbox]


def _person(cast: Cast, address: str = "jo@kunde.example", name: str = "Jo Kunde", **given: object) -> object:
    return cast.system.create("customer", kind="person", name=name, emails=[{"value": address, "label": ""}], **given).pk


def _ledger(mailbox: Mailbox) -> Counter[str]:
    rows = SeenMessage.objects.filter(mailbox_id=mailbox.pk)
    return Counter(f"{outcome} {why}".strip() for outcome, why in rows.values_list("outcome", "why"))


def test_every_message_is_stored_or_says_why_not(cast: Cast, new_mailbox: NewMailbox, dovecot: Dovecot) -> None:
    """Known people are kept; strangers, colleagues, the blocked and the broken stand in the ledger with the reason."""
    _person(cast)
    box = new_mailbox("ana", blocked="spam.example")
    dovecot.put(box.user_name, [
        letter(1), letter(2, sender="x@stranger.example"), letter(3, sender="Ben <ben@fernhill.example>"),
        letter(4, sender="a@spam.example", cc="jo@kunde.example"), b"\xff\x00 nonsense\r\n", letter(5, sender="Newsletter <news@shop.example>"),
    ])  # fmt: skip
    dovecot.put(box.user_name, [letter(6, sender="ana@fernhill.example", to="jo@kunde.example")], folder="Sent")
    state = read(cast, box)
    assert (state.problem, state.failures) == ("", 0) and state.good_at is not None
    assert _ledger(box) == {"stored": 2, "skipped nobody": 2, "skipped internal": 1, "skipped blocked": 1, "skipped broken": 1}
    assert set(Mail.objects.values_list("direction", flat=True)) == {"in", "out"}
    read(cast, box)
    assert sum(_ledger(box).values()) == 7, "a second look sees nothing new"


def test_reading_leaves_every_flag_as_it_was(cast: Cast, new_mailbox: NewMailbox, dovecot: Dovecot) -> None:
    """What was unread in the mail program is unread afterwards."""
    _person(cast)
    box = new_mailbox("ana")
    dovecot.put(box.user_name, [letter(n) for n in range(5)])
    read(cast, box)
    client = dovecot.client(box.user_name)
    client.select("INBOX", readonly=True)
    assert client.search(None, "UNSEEN")[1] == [b"1 2 3 4 5"]
    client.logout()
    assert Mail.objects.count() == 5


def test_the_same_message_in_two_mailboxes_is_one(cast: Cast, new_mailbox: NewMailbox, dovecot: Dovecot) -> None:
    """One record, two lines in the ledger; a forgery under its Message-ID is another message."""
    _person(cast)
    ana, ben = new_mailbox("ana"), new_mailbox("ben")
    both = letter(1, to="ana@fernhill.example, ben@fernhill.example")
    dovecot.put(ana.user_name, [both])
    dovecot.put(ben.user_name, [b"Received: from elsewhere\r\n" + both, letter(1, text="Let me in.")])
    read(cast, ana)
    read(cast, ben)
    assert _ledger(ana) == {"stored": 1} and _ledger(ben) == {"joined": 1, "stored": 1}
    assert Mail.objects.count() == 2


def test_a_killed_process_loses_and_doubles_nothing(
    cast: Cast, new_mailbox: NewMailbox, dovecot: Dovecot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cut off before, within and after each step: at the end each message is there once, with one line each."""
    _person(cast)
    box = new_mailbox("ana")
    monkeypatch.setattr(fetching, "_MESSAGES_AT_ONCE", 3)
    dovecot.put(box.user_name, [letter(n, file=("a.txt", b"x%d" % n)) for n in range(14)])

    class Killed(BaseException):
        """As a kill: nothing catches it."""

    for name in ("_write", "_moved", "_before", "_step"):
        for after in (False, True):
            _cut_off_at(monkeypatch, name, Killed, after=after)
            with pytest.raises(Killed):
                read(cast, box)
            monkeypatch.undo()
            monkeypatch.setenv("RAPPORT_ALLOW_PRIVATE_EGRESS", "1")
            monkeypatch.setattr(fetching, "_MESSAGES_AT_ONCE", 3)
    read(cast, box)
    assert _ledger(box) == {"stored": 14}
    assert sorted(MailSubject.objects.values_list("subject", flat=True)) == sorted(f"Letter {n}" for n in range(14))


def _cut_off_at(monkeypatch: pytest.MonkeyPatch, name: str, killed: type[BaseException], *, after: bool) -> None:
    real, calls = getattr(fetching, name), []

    def cut(*args: object, **kwargs: object) -> object:
        calls.append(1)
        if len(calls) == 1 and not after:
            raise killed
        found = real(*args, **kwargs)
        if len(calls) == 1:
            raise killed
        return found

    monkeypatch.setattr(fetching, name, cut)


def test_numbers_given_anew_by_the_server_double_nothing(cast: Cast, new_mailbox: NewMailbox, dovecot: Dovecot) -> None:
    """The folder is deleted and made again: its messages are known by their Message-IDs and not even fetched."""
    _person(cast)
    box = new_mailbox("ana", folders="Archive")
    client = dovecot.client(box.user_name)
    client.create("Archive")
    dovecot.put(box.user_name, [letter(n) for n in range(6)], folder="Archive")
    read(cast, box)
    before = FolderState.objects.get(mailbox_id=box.pk).uidvalidity
    client.rename("Archive", "Old")
    client.create("Archive")
    dovecot.put(box.user_name, [letter(n) for n in range(7)], folder="Archive")
    client.logout()
    read(cast, box)
    folder = FolderState.objects.get(mailbox_id=box.pk)
    assert folder.uidvalidity != before and Mail.objects.count() == 7
    assert _ledger(box) == {"joined": 6, "stored": 1}


def test_a_message_that_slipped_through_is_found_by_counting(cast: Cast, new_mailbox: NewMailbox, dovecot: Dovecot) -> None:
    """Once a day the server is counted against the ledger; what is missing is read and told."""
    _person(cast)
    box = new_mailbox("ana")
    dovecot.put(box.user_name, [letter(n) for n in range(6)])
    read(cast, box)
    lost = SeenMessage.objects.filter(mailbox_id=box.pk)[2]
    SeenMessage.objects.filter(pk=lost.pk).delete()
    MailboxState.objects.filter(mailbox_id=box.pk).update(counted_at=None)
    assert read(cast, box).missing == 1
    assert _ledger(box) == {"stored": 5, "joined": 1} and Mail.objects.count() == 6


def test_looking_again_brings_what_was_skipped(cast: Cast, new_mailbox: NewMailbox, dovecot: Dovecot) -> None:
    """A person written down later: their old mail comes when somebody asks for it."""
    box = new_mailbox("ana")
    dovecot.put(box.user_name, [letter(1), letter(2, sender="x@stranger.example"), letter(3)])
    read(cast, box)
    assert _ledger(box) == {"skipped nobody": 3}
    _person(cast)
    MailboxState.objects.filter(mailbox_id=box.pk).update(look_for=["jo@kunde.example"])
    assert read(cast, box).look_for == []
    assert _ledger(box) == {"stored": 2, "skipped nobody": 1}


def test_a_wrong_password_says_so_and_waits(cast: Cast, new_mailbox: NewMailbox, dovecot: Dovecot) -> None:
    """One sentence, a pause that keeps the account from being locked, and no good turn noted."""
    from rapport.engines.mail.problems import sentence
    from rapport.engines.mail.secrets import seal
    from rapport.engines.mail.turns import is_red

    box = new_mailbox("ana")
    MailboxState.objects.filter(mailbox_id=box.pk).update(secret=seal("wrong"))
    state = read(cast, box)
    assert (state.problem, state.good_at, state.failures) == ("password", None, 1) and is_red(state, state.tried_at)
    assert state.next_at - state.tried_at > dt.timedelta(minutes=20)
    assert "Type the password again" in sentence(state.problem)


@pytest.mark.parametrize(
    ("creates", "sender", "to", "people"),
    [
        ("never", "x@new.example", "ana@fernhill.example", []),
        ("written", "x@new.example", "ana@fernhill.example", []),
        ("written", "ana@fernhill.example", '"Neu, Nina" <nina@new.example>', ["New", "Nina Neu"]),
        ("always", "Nina <nina@gmail.com>", "ana@fernhill.example", ["Nina"]),
        ("always", "info@new.example", "ana@fernhill.example", []),
        ("always", "no-reply@new.example", "ana@fernhill.example", []),
    ],
)  # fmt: skip
def test_new_people_are_written_down_as_the_mailbox_says(
    cast: Cast, new_mailbox: NewMailbox, dovecot: Dovecot, creates: str, sender: str, to: str, people: list[str]
) -> None:
    """Never, when I wrote, always; never a desk or a machine, never a company from a free mail address."""
    from rapport.modules.customers.models import Customer

    box = new_mailbox("ana", creates=creates)
    dovecot.put(box.user_name, [letter(1, sender=sender, to=to)])
    read(cast, box)
    assert sorted(Customer.objects.values_list("name", flat=True)) == people
    assert Mail.objects.count() == bool(people)


def test_an_address_has_one_mailbox(cast: Cast, new_mailbox: NewMailbox) -> None:
    """A second one is refused in a sentence, also when it comes back out of the bin."""
    ctx = cast.system
    first = new_mailbox("ana")
    values = {"name": "Twice", "user_name": "twice", "address": first.address, "imap_host": "imap.example.com", "kind": "personal", "owner": cast.ben.pk}
    with pytest.raises(Invalid, match="already"):
        ctx.create("mailbox", **values)
    ctx.delete(first)
    ctx.create("mailbox", **values)
    with pytest.raises(Invalid, match="another mailbox like this one"):
        ctx.restore(first)
