"""Notices by mail, through a real SMTP server: what may be seen at that moment, in one's own language, at most once."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client

from rapport.engines.notices.choices import choose, next_turn
from rapport.engines.notices.models import Notice, NoticeChoice
from rapport.kernel.access.models import Account, User
from rapport.kernel.jobs.context import JobContext
from rapport.kernel.jobs.models import Job
from rapport.kernel.jobs.queue import Queue
from rapport.modules.customers.models import Customer
from rapport.surfaces.web import digest
from rapport.surfaces.web.signing_in import mails
from tests.cast import Cast
from tests.factory import make
from tests.notices.test_notices import notices_of, token
from tests.web.test_mail import Letterbox, letterbox  # noqa: F401 - the fixture

PAST = dt.datetime(2026, 1, 5, 7, tzinfo=dt.UTC)


def _job(cast: Cast, name: str) -> JobContext:
    return JobContext(Job(task=name, workspace_id=cast.home.pk), Queue("test"), has_heartbeat=True)


def _digest(cast: Cast, user: User) -> bool:
    """The digest of a person whose turn has come."""
    choose(cast.home, user.pk, digest="daily", mentions_now=True, zone=ZoneInfo("Europe/Dublin"))
    NoticeChoice.objects.filter(workspace_id=cast.home.pk, user_id=user.pk).update(next_at=PAST)
    return digest.send_digest(_job(cast, "web.send_digest"), user=str(user.pk))


def _tell(cast: Cast, *names: str) -> None:
    for name in names:
        one = make(cast.system, "customer", name=name, owner=cast.ben.pk)
        cast.ctx("ana").write(one, note=f"Look, {token(cast.ben)}")
    notices_of(cast.ben)


def test_a_digest_brings_what_is_unread_once(cast: Cast, letterbox: Letterbox) -> None:  # noqa: F811
    """One mail with both, to the address one signs in with; the next turn brings only what is new."""
    _tell(cast, "Hotel One", "Hotel Two")
    assert _digest(cast, cast.ben) and not _digest(cast, cast.ben)
    (mail,) = letterbox.got
    text = mail.get_content()
    assert mail["To"] == Account.objects.get(pk=cast.ben.account_id).email and mail["Subject"] == "2 notices at Fernhill"
    assert "Hotel One" in text and "Hotel Two" in text and "/customer/" in text
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click" and mail["Auto-Submitted"] == "auto-generated"


def test_a_mail_tells_only_what_its_receiver_may_see_when_it_is_sent(cast: Cast, letterbox: Letterbox) -> None:  # noqa: F811
    """Given to another team between the mention and the mail: not in it; when that was all, there is no mail."""
    _tell(cast, "Kept Hotel", "Lost Hotel")
    cast.ctx("ana").write(Customer.objects.get(workspace_id=cast.home.pk, name="Lost Hotel"), owner=cast.cem.pk)
    assert _digest(cast, cast.ben)
    assert "Lost" not in letterbox.got[0].as_string() and "Kept Hotel" in letterbox.got[0].get_content()
    one = make(cast.system, "customer", name="Gone Hotel", owner=cast.ben.pk)
    cast.ctx("ana").write(one, note=token(cast.ben))
    notices_of(cast.ben)
    cast.ctx("ana").write(Customer.objects.get(pk=one.pk), owner=cast.cem.pk)
    assert not _digest(cast, cast.ben) and len(letterbox.got) == 1
    User.objects.filter(pk=cast.ben.pk).update(is_active=False)
    Notice.objects.filter(workspace_id=cast.home.pk).update(mailed_at=None)
    assert not _digest(cast, cast.ben)


def test_a_job_killed_while_it_sends_never_sends_twice(cast: Cast, letterbox: Letterbox, monkeypatch: Any) -> None:  # noqa: F811
    """Marked before it is handed over: killed after the server took it, the repeated job sends nothing."""
    _tell(cast, "Hotel")
    real = mails.send

    def dies(*args: Any, **more: Any) -> bool:
        real(*args, **more)
        raise KeyboardInterrupt

    monkeypatch.setattr(mails, "send", dies)
    with pytest.raises(KeyboardInterrupt):
        _digest(cast, cast.ben)
    monkeypatch.setattr(mails, "send", real)
    assert not _digest(cast, cast.ben) and len(letterbox.got) == 1


def test_what_the_server_refused_goes_with_the_next_one(cast: Cast, letterbox: Letterbox, monkeypatch: Any) -> None:  # noqa: F811
    """Plainly not sent is not lost."""
    _tell(cast, "Hotel")
    real = mails.send
    monkeypatch.setattr(mails, "send", lambda *args, **more: False)
    assert not _digest(cast, cast.ben)
    monkeypatch.setattr(mails, "send", real)
    assert _digest(cast, cast.ben) and len(letterbox.got) == 1


def test_a_mention_is_mailed_at_once_unless_that_is_not_wanted(cast: Cast, letterbox: Letterbox) -> None:  # noqa: F811
    """One job per notice, for ever; read before it runs, it stays silent."""
    _tell(cast, "Hotel")
    (told,) = notices_of(cast.ben)
    assert Job.objects.filter(task="web.mail_notice", workspace_id=cast.home.pk).count() == 1
    for _again in range(2):
        digest.mail_notice(_job(cast, "web.mail_notice"), notice=str(told.pk))
    assert [mail["Subject"] for mail in letterbox.got] == ["Ana Silva mentioned you in “Hotel”"]
    assert not _digest(cast, cast.ben), "what was mailed at once is not in the digest again"
    choose(cast.home, cast.ben.pk, digest="never", mentions_now=False)
    _tell(cast, "Second")
    assert Job.objects.filter(task="web.mail_notice", workspace_id=cast.home.pk).count() == 1


def test_the_link_in_a_mail_ends_mails_without_signing_in(cast: Cast, letterbox: Letterbox) -> None:  # noqa: F811
    """Opening it asks, posting (also by a mail program, without a token) ends them; a made-up link is a 404."""
    _tell(cast, "Hotel")
    _digest(cast, cast.ben)
    path = re.search(
        r"<http://[^/]+(/unsubscribe/[^>]+)>", letterbox.got[0]["List-Unsubscribe"].replace("\n", "").replace(" ", "")
    )
    assert path is not None
    stranger = Client(enforce_csrf_checks=True)
    assert "Stop these mails" in stranger.get(path[1]).content.decode()
    assert NoticeChoice.objects.get(workspace_id=cast.home.pk, user_id=cast.ben.pk).digest == "daily"
    assert stranger.post(path[1], {"List-Unsubscribe": "One-Click"}).status_code == 200
    choice = NoticeChoice.objects.get(workspace_id=cast.home.pk, user_id=cast.ben.pk)
    assert (choice.digest, choice.mentions_now, choice.next_at) == ("never", False, None)
    assert stranger.get("/unsubscribe/made-up").status_code == 404 and stranger.post("/unsubscribe/made-up").status_code == 404
    assert "Hotel" not in stranger.get(path[1]).content.decode() and "Ben" not in stranger.get(path[1]).content.decode()


def test_the_mail_speaks_the_language_of_its_receiver(cast: Cast, letterbox: Letterbox, monkeypatch: Any) -> None:  # noqa: F811
    """Language of the person, whatever the workspace's is."""
    from django.utils.translation import get_language

    User.objects.filter(pk=cast.ben.pk).update(language="de")
    _tell(cast, "Hotel")
    spoken: list[str | None] = []
    real = mails.send
    monkeypatch.setattr(mails, "send", lambda *args, **more: (spoken.append(get_language()), real(*args, **more))[1])
    assert _digest(cast, cast.ben) and spoken == ["de"]


def test_the_turns_are_seven_in_the_morning_of_ones_own_clock() -> None:
    """Also where the clocks change; weekly ones come on Monday."""
    dublin, auckland = ZoneInfo("Europe/Dublin"), ZoneInfo("Pacific/Auckland")
    sunday = dt.datetime(2026, 10, 24, 20, tzinfo=dt.UTC)
    assert next_turn("daily", sunday, dublin) == dt.datetime(2026, 10, 25, 7, tzinfo=dublin).astimezone(dt.UTC)
    assert next_turn("daily", sunday, auckland) == dt.datetime(2026, 10, 26, 7, tzinfo=auckland).astimezone(dt.UTC)
    assert next_turn("weekly", sunday, dublin) == dt.datetime(2026, 10, 26, 7, tzinfo=dublin).astimezone(dt.UTC)
    assert next_turn("never", sunday, dublin) is None


def test_the_settings_keep_the_choice_and_due_turns_are_enqueued_once(cast: Cast) -> None:
    """A page of one's own; one turn is one job however often the schedule comes round."""
    client = cast.client("ben")
    assert "Every Monday at 7:00" in client.get("/settings/notices").content.decode()
    assert client.post("/settings/notices", {"digest": "weekly"}).status_code == 302
    choice = NoticeChoice.objects.get(workspace_id=cast.home.pk, user_id=cast.ben.pk)
    assert (choice.digest, choice.mentions_now) == ("weekly", False) and choice.next_at is not None
    assert client.post("/settings/notices", {"digest": "hourly"}).status_code == 422
    NoticeChoice.objects.filter(workspace_id=cast.home.pk, user_id=cast.ben.pk).update(next_at=PAST)
    for _turn in range(2):
        digest.enqueue_digests(_job(cast, "web.enqueue_digests"))
    assert Job.objects.filter(task="web.send_digest", workspace_id=cast.home.pk).count() == 1
