"""Fifty identical requests at once for every action that leads from one state to another: one does it, the rest are told why.

The actions are found by their condition: after one run it must no longer hold. What needs preparing (a lost deal to
reopen, an inactive user to reactivate) is reached by the action that leads there.
"""

from __future__ import annotations

import pytest

from rapport.kernel.access import gate
from rapport.kernel.access.setup import add_user
from rapport.kernel.actions.registry import actions_of
from rapport.kernel.actions.running import run_action
from rapport.kernel.changes.models import Change
from rapport.kernel.errors import Invalid
from rapport.kernel.records.model import Record
from rapport.kernel.records.registry import registry
from tests.cast import Cast, first_stage_id
from tests.factory import make
from tests.kernel.test_concurrency import _at_once

FIFTY = 50
#: How to get a record to where the action starts: the actions before it.
BEFORE = {("user", "reactivate"): ["deactivate"], ("task", "reopen"): ["done"], ("lead", "reopen"): ["drop"], ("deal", "reopen"): ["lose"],
          ("ticket", "resume"): ["wait"], ("ticket", "reopen"): ["solve"], ("ticket", "part"): ["join"],
          ("ticket", "bring_back"): ["put_aside"],
          ("article", "send_back"): ["submit"], ("article", "retire"): ["publish"], ("article", "rewrite"): ["publish", "retire"]}
INPUTS = {"drop": {"reason": "no budget"}, "lose": {"reason": "price"}, "postpone": {"until": "2027-01-01"}, "advance": {"step": "received"}}
#: Actions that may be done again and again, and why that is right.
REPEATABLE = {
    ("task", "postpone"): "the same day again changes nothing", ("customer", "consent"): "each is an event of its own",
    ("mail", "share_customer"): "the same word again changes nothing", ("ticket", "take"): "one's own already: nothing changes",
    ("article", "use"): "each use is counted",
    ("ticket", "reply"): "each is an answer of its own",
    ("ticket", "put_aside"): "another time may be named",
    ("activity", "invite"): "whoever is invited already is not invited again (tests/meetings)",
    ("activity", "tell_invited"): "each change is told once (tests/meetings)",
    ("activity", "take_time"): "needs an answer that came by mail (tests/meetings)",
    ("activity", "call_off"): "needs invitations that went out (tests/meetings)",
    ("mail", "accept_meeting"): "the last answer counts (tests/meetings)", ("mail", "decline_meeting"): "the last answer counts (tests/meetings)",
    ("mail", "put_in_calendar"): "one meeting for one invitation, however often (tests/meetings)",
    ("survey_answer", "correct"): "the same score again changes nothing",
    ("ticket", "ask_rating"): "asked once per ticket, whatever is pressed (tests/satisfaction)",
    ("customer", "ask_rating_now"): "asked once a day, whatever is pressed (tests/satisfaction)",
    ("customer", "invite_to_portal"): "the same account again, and one mail a minute", ("customer", "close_portal"): "closed is told",
    ("customer", "withdraw"): "each is an event of its own", ("customer", "erase"): "tested with personal data: nothing is left to erase",
}
ACTIONS = [(t.key, a.key) for t in registry.all() for a in actions_of(t.key).values() if a.when and (t.key, a.key) not in REPEATABLE]


def _inputs(cast: Cast, step: str) -> dict[str, object]:
    """What an action is given, the same every time; another ticket to join where it needs one."""
    if step != "join":
        return INPUTS.get(step, {})
    info = registry.get("ticket")
    found = info.model.objects.filter(workspace_id=cast.home.pk, subject="Where they go").first()
    return {"into": (found or make(cast.system, "ticket", subject="Where they go")).pk}


def _record(cast: Cast, type_key: str, name: str = "kim") -> Record:
    ctx = cast.system
    if type_key == "user":
        return add_user(ctx, name.title(), email=f"{name}.{cast.home.pk.hex[-8:]}@example.com", role_key="sales")
    given = {"stage": first_stage_id(), "amount": "10"} if type_key == "deal" else {"body": "Words"} if type_key == "article" else {}
    return make(ctx, type_key, **given)


@pytest.mark.slow
@pytest.mark.parametrize(("type_key", "action"), ACTIONS)
def test_of_fifty_at_once_one_does_it_and_the_rest_are_told(committed_cast: Cast, type_key: str, action: str) -> None:
    cast, info = committed_cast, registry.get(type_key)
    _inputs(cast, action)  # whatever it needs is there before anything is counted
    record = _record(cast, type_key)
    for step in BEFORE.get((type_key, action), []):
        run_action(cast.system, gate.get(cast.system, info, record.pk), step, _inputs(cast, step))
    twin = _record(cast, type_key, "twin")
    for step in [*BEFORE.get((type_key, action), []), action]:
        alone = Change.objects.filter(workspace=cast.home).count()
        run_action(cast.ctx("ana"), gate.get(cast.ctx("ana"), info, twin.pk), step, _inputs(cast, step))
    before = Change.objects.filter(workspace=cast.home).count()

    def press(_n: int) -> object:
        ctx = cast.ctx("ana")
        return run_action(ctx, gate.get(ctx, info, record.pk), action, _inputs(cast, action))

    results = _at_once(cast, press, FIFTY)
    told = [one for one in results if isinstance(one, Exception)]
    assert len(told) == FIFTY - 1, results
    assert all(isinstance(one, Invalid) and one.code == "not_now" and one.sentence for one in told), {str(one) for one in told}
    # What fifty wrote is what one alone writes.
    assert Change.objects.filter(workspace=cast.home).count() - before == before - alone
