"""One attempt to hand a message over, by the one way out, and what it means for the next one."""

from __future__ import annotations

import datetime as dt
import random
import time
from dataclasses import dataclass

from django.utils import timezone

from rapport import __version__
from rapport.engines.egress import fetch
from rapport.engines.webhooks.messages import Message
from rapport.engines.webhooks.models import Delivery, WebhookState
from rapport.engines.webhooks.records import check_address
from rapport.engines.webhooks.signing import headers, keys_of
from rapport.kernel.errors import RapportError
from rapport.kernel.jobs.queue import storable

#: Seconds for one attempt; what is read of an answer, and what the log keeps of it and of the message.
PATIENCE = 10.0
_MOST_READ, _MOST_KEPT, _MOST_BODY = 64 * 1024, 1_000, 20_000
#: Waits after each attempt that failed, as Standard Webhooks proposes; then the message is given up.
WAITS = (5, 5 * 60, 30 * 60, 2 * 3600, 5 * 3600, 10 * 3600, 14 * 3600, 20 * 3600, 24 * 3600)
#: Statuses that say nothing about the message: the receiver is down, busy, or asks to wait.
_DOWN = (408, 425, 429)


@dataclass(frozen=True)
class Outcome:
    """What came of an attempt."""

    status: int | None
    answer: str = ""
    error: str = ""
    milliseconds: int = 0

    @property
    def arrived(self) -> bool:
        """The receiver took it."""
        return self.status is not None and 200 <= self.status < 300

    @property
    def is_over(self) -> bool:
        """The receiver says that the address is gone for good."""
        return self.status == 410

    @property
    def is_refusal(self) -> bool:
        """The receiver is there and does not want this one message."""
        return self.status is not None and 400 <= self.status < 500 and self.status not in (*_DOWN, 410)


def attempt(url: str, state: WebhookState, message: Message) -> Outcome:
    """Send a message once."""
    now, began = timezone.now(), time.monotonic()
    sent = {
        "Content-Type": "application/json", "User-Agent": f"Rapport/{__version__}",
        **headers(keys_of(state, now), message.id, now, message.body),
    }  # fmt: skip
    try:
        check_address(url)
        came = fetch("POST", url, headers=sent, body=message.body, timeout=PATIENCE, max_bytes=_MOST_READ, redirects=0)
    except RapportError as wrong:
        return Outcome(None, error=wrong.sentence[:300], milliseconds=_since(began))
    text = came.body[:_MOST_KEPT].decode("utf-8", "replace").replace("\0", "\ufffd")
    return Outcome(came.status, text, milliseconds=_since(began))


def _since(began: float) -> int:
    return int((time.monotonic() - began) * 1000)


def wait_after(attempts: int) -> dt.timedelta | None:
    """How long to wait after so many failed attempts, with up to a tenth more so that failures spread; None to give up."""
    if attempts > len(WAITS):
        return None
    return dt.timedelta(seconds=WAITS[attempts - 1] * random.uniform(1, 1.1))


def note(delivery: Delivery, message: Message, outcome: Outcome) -> None:
    """Put an attempt into the log of deliveries."""
    delivery.attempts += 1
    delivery.body = storable(message.body.decode("utf-8", "replace")[:_MOST_BODY], _MOST_BODY)
    delivery.answer_status, delivery.answer, delivery.error = outcome.status, outcome.answer, outcome.error
    delivery.milliseconds, delivery.tried_at = outcome.milliseconds, timezone.now()
    if outcome.arrived:
        delivery.status, delivery.next_at = Delivery.SENT, None
    delivery.save()
