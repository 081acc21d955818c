"""Consents are evidence: appended, never changed; what holds is the fold of what was recorded."""

from __future__ import annotations

import datetime as dt
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rapport.kernel.access import gate
from rapport.kernel.changes.many import write_many
from rapport.kernel.errors import Gone, Invalid, Refused
from rapport.kernel.ids import id_at
from rapport.kernel.records.registry import registry
from rapport.modules.customers.consents import Event, allows, consent_state, fold
from tests.cast import Cast, hide_group

START = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
PURPOSES, CHANNELS = ("newsletter", "calls", "sensitive"), ("any", "email", "phone", "post")
_ONE = st.tuples(
    st.sampled_from(PURPOSES), st.sampled_from(CHANNELS), st.sampled_from(("given", "withdrawn")), st.integers(0, 6)
)


def _events(drawn: list[tuple[str, str, str, int]]) -> list[Event]:
    return [
        Event(id_at(START + dt.timedelta(milliseconds=n)), purpose, channel, answer, START + dt.timedelta(days=day))
        for n, (purpose, channel, answer, day) in enumerate(drawn)
    ]


@settings(max_examples=300, deadline=None)
@given(st.lists(_ONE, max_size=25), st.randoms(use_true_random=False))
def test_the_state_is_the_fold_of_the_events(drawn: list[tuple[str, str, str, int]], shuffle: random.Random) -> None:
    """For every purpose and channel: the last answer about that channel or about any decides, in whatever order the
    events are read; nothing asked means no; and a later yes never revives what was withdrawn for another purpose."""
    events = _events(drawn)
    mixed = list(events)
    shuffle.shuffle(mixed)
    state = fold(mixed)
    assert state == fold(events)
    for purpose in PURPOSES:
        for channel in CHANNELS:
            about = [e for e in events if e.purpose == purpose and e.channel in (channel, "any")]
            last = max(about, key=lambda e: (e.happened_at, e.id), default=None)
            assert allows(state, purpose, channel) == (last is not None and last.answer == "given")


def _person(cast: Cast) -> object:
    return cast.ctx("ben").create("customer", name="Ann Lee", kind="person")


def test_recording_and_withdrawing_from_the_page(cast: Cast) -> None:
    """The panel shows what holds; both buttons append an event; proof or source is asked for."""
    person, ben = _person(cast), cast.client("ben")
    url = f"/customer/{person.pk}"
    assert "what was never asked is no consent" in ben.get(url).content.decode()
    given = {"purpose": "newsletter", "channel": "email", "shown": "purpose,channel"}
    assert ben.post(f"{url}/do/consent", given).status_code == 422
    assert ben.post(f"{url}/do/consent", {**given, "source": "Trade show", "wording": "Yes, mail me"}).status_code == 302
    assert "given today" in ben.get(url).content.decode().lower()
    assert allows(consent_state(cast.ctx("ben"), person.pk), "newsletter", "email")
    assert ben.post(f"{url}/do/withdraw", {"purpose": "calls", "channel": "any"}).status_code == 422
    assert ben.post(f"{url}/do/withdraw", {"purpose": "newsletter", "channel": "any"}).status_code == 302
    assert not allows(consent_state(cast.ctx("ben"), person.pk), "newsletter", "email")
    assert registry.get("consent").model.objects.filter(customer_id=person.pk).count() == 2


def test_evidence_is_neither_changed_nor_deleted(cast: Cast) -> None:
    """Not by the owner, not in bulk, not by undo, not over the API; nor is one recorded for a company."""
    person, ctx, info = _person(cast), cast.ctx("ana"), registry.get("consent")
    one = ctx.create("consent", customer=person.pk, purpose="calls", answer="given", source="call")
    ana, api = cast.client("ana"), cast.api("ana")
    with pytest.raises(Invalid):
        ctx.write(one, answer="withdrawn")
    with pytest.raises(Invalid):
        ctx.delete(one)
    assert "evidence" in {e.code for e in write_many(ctx, info, [(one.pk, {"answer": "withdrawn"})]).errors.values()}
    assert api.patch(f"/api/v1/consent/{one.pk}", {"answer": "withdrawn"}, content_type="application/json").status_code == 422
    assert api.delete(f"/api/v1/consent/{one.pk}").status_code == 422
    assert ana.post(f"/consent/{one.pk}/delete").status_code == 422
    assert ana.post("/undo", {"what": f"consent:{one.pk}:1"}).status_code == 422
    one.refresh_from_db()
    assert (one.answer, one.version, one.deleted_at) == ("given", 1, None)
    company = ctx.create("customer", name="Olive", kind="company")
    with pytest.raises(Invalid):
        ctx.create("consent", customer=company.pk, purpose="calls", answer="given")


def test_sensitive_consents_are_for_the_group_that_sees_such_things(cast: Cast) -> None:
    """Without customers.sensitive a consent to sensitive data is not there, and cannot be recorded."""
    person, info = _person(cast), registry.get("consent")
    one = cast.ctx("ana").create("consent", customer=person.pk, purpose="sensitive", answer="given", source="form")
    assert one.is_sensitive
    with pytest.raises(Gone):
        gate.get(cast.ctx("ben"), info, one.pk)
    with pytest.raises((Refused, Gone)):
        cast.ctx("ben").create("consent", customer=person.pk, purpose="sensitive", answer="given", source="form")
    assert consent_state(cast.ctx("ben"), person.pk) == {}
    hide_group(cast, "sales", "customers.figures")
    assert "sensitive" in {key[0] for key in consent_state(cast.ctx("ana"), person.pk)}
