"""Workspaces never cross: a foreign id answers exactly like an unknown one, everywhere, and no word of theirs is told.

Ana owns the home workspace, so nothing but the workspace stands between her and Dea's records. Her requests and Dea's
alternate on one connection, with refusals and errors in between.
"""

from __future__ import annotations

import datetime as dt
import json
import random
from collections.abc import Iterator
from uuid import UUID

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, connection, transaction
from django.test import Client

from rapport.engines.imports.models import ImportRun
from rapport.engines.notices.models import Notice
from rapport.engines.webhooks.models import Delivery
from rapport.engines.words.models import AppliedPack
from rapport.kernel.access.current import unscoped, use_workspace
from rapport.kernel.access.models import ApiToken
from rapport.kernel.context import system_context
from rapport.kernel.ids import new_id
from rapport.kernel.jobs.models import Job
from rapport.kernel.records.field import Field
from rapport.kernel.records.registry import TypeInfo, registry
from rapport.surfaces.web.models import Invitation, SignedInSession
from tests.access.addresses import REVIEWED, filled, routes
from tests.access.masks import database_hash, everything_of, masked
from tests.access.people import NAMED_BY_RULE, owned_by
from tests.cast import Cast
from tests.factory import make

CANARY = "Zanzibar8264"
KEY = "a-key-that-nobody-has-0000000000"
PASSING = {"kernel_apitoken", "kernel_fileupload"}


class Away:
    """What Dea's workspace holds: one record of every type with the canary in its title, a token, a file, jobs."""

    def __init__(self, cast: Cast) -> None:
        """Fill the workspace."""
        self.records: dict[str, UUID] = {}
        with use_workspace(cast.away):
            ctx = system_context(cast.away, "test")
            for info in list(registry.shipped().values()):
                self.records[info.key] = make(ctx, info.key, **_titled(info)).pk
            cast.token("dea")
            self.token = ApiToken.objects.filter(workspace=cast.away).values_list("pk", flat=True)[0]
            Job.objects.create(workspace_id=cast.away.pk, task="x", args={"what": CANARY})
            ImportRun.objects.create(workspace=cast.away, type="customer", file_name=CANARY, digest="x")
            now = dt.datetime.now(dt.UTC)
            notice = Notice.objects.create(
                workspace=cast.away, user_id=cast.dea.pk, event="assigned", type="customer", at=now,
                records=[str(self.records["customer"])],
            )  # fmt: skip
            invitation = Invitation.objects.create(
                workspace=cast.away, email="x@example.com", name=CANARY, role_id=cast.dea.role_id, digest="x" * 64, invited_by=cast.dea,
                expires_at=now + dt.timedelta(days=1),
            )  # fmt: skip
            delivery = Delivery.objects.create(
                workspace=cast.away, webhook_id=self.records["webhook"], message_id="msg_x", event=CANARY, status="left", created_at=now,
            )  # fmt: skip
            applied = AppliedPack.objects.create(workspace=cast.away, pack="x", name=CANARY)
        self.file = self._file(cast)
        session = SignedInSession.objects.filter(account=cast.dea.account_id).values_list("pk", flat=True)[0]
        #: What the pages of settings name by an id of their own.
        self.more = {
            "role_id": cast.dea.role_id, "user_id": cast.dea.pk, "workspace_id": cast.away.pk, "session_id": session,
            "invitation_id": invitation.pk, "token_id": self.token, "notice_id": notice.pk, "rule_id": self.records["follow_up_rule"],
            "webhook_id": self.records["webhook"], "delivery_id": delivery.pk,
            "applied_id": applied.pk, "field_id": self.records["custom_field"],
        }  # fmt: skip
        self.everything = [*self.records.values(), self.token, cast.dea.pk, cast.away.pk]

    def _file(self, cast: Cast) -> str:
        dea = cast.client("dea")
        facts = dea.post("/file/", {"file": SimpleUploadedFile(f"{CANARY}.txt", CANARY.encode())}).json()
        with use_workspace(cast.away):
            ctx = cast.ctx("dea")
            ctx.create("activity", kind="note", subject=CANARY, file=facts, customer=self.records["customer"])
        assert dea.get(f"/file/{facts['key']}").status_code == 200
        return str(facts["key"])


def _titled(info: TypeInfo) -> dict[str, object]:
    field = info.title_field
    is_free = field.kind.key == "text" and field.settable(creating=True) and info.key not in NAMED_BY_RULE
    return {field.key: f"{CANARY} {info.key}"} if is_free else {}


def _clients(cast: Cast) -> dict[str, tuple[Client, Client]]:
    found = {}
    for who in ("ana", "dea"):
        found[who] = cast.client(who), cast.api(who)
        found[who][0].get("/")
    return found


def _pairs(away: Away) -> Iterator[tuple[str, str, str, str]]:
    """(method, address with a foreign id, the same with an unknown one, route) for every route that takes an id."""
    for route in routes():
        one = REVIEWED[route]
        if "<str:key>" in route:
            yield from (("GET", f"/file/{away.file}", f"/file/{KEY}", route),)
            continue
        if "<uuid:" not in route and "<str:record_id>" not in route:
            continue
        for info in list(registry.shipped().values()) if one.about != "page" else list(registry.shipped().values())[:1]:
            unknown = new_id()
            foreign = {"record_id": away.records[info.key], "column_id": away.records["stage"], "view_id": away.records["view"], **away.more}
            missing = dict.fromkeys(foreign, unknown)
            both = [filled(route, info, ids.pop("record_id"), **ids) for ids in (foreign, missing)]
            for method in one.methods.split():
                yield from ((method, theirs, nobodys, route) for theirs, nobodys in zip(*both, strict=True))


def _difference(one: str, other: str) -> str:
    at = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    return f"…{one[max(0, at - 80) : at + 80]}…\n…{other[max(0, at - 80) : at + 80]}…"


@pytest.mark.slow
def test_every_address_answers_a_foreign_id_like_an_unknown_one(cast: Cast, record_property: pytest.RecordProperty) -> None:
    """Every URL pattern x every type x every method, pages and parts, web and API; nothing is written either."""
    away, clients = Away(cast), _clients(cast)
    before = {k: v for k, v in database_hash().items() if k not in PASSING}
    asked, seen, wrong, served = 0, set(), [], 0
    for method, theirs, nobodys, route in _pairs(away):
        web, api = clients["ana"]
        client, heads = (api, [{}]) if theirs.startswith("/api/") else (web, [{}, {"HX-Request": "true"}])
        if method != "GET":  # a refused deed is a page or a toast by the same hand: one of the two, in turn
            heads = heads[len(seen) % len(heads) :][:1]
        for head in heads:
            answers = [client.generic(method, address, headers=head) for address in (theirs, nobodys)]
            asked += 2
            if any(answer.status_code in (302, 303) for answer in answers) and client is web:
                web.get("/settings/")  # takes the toast along, which else stood on the first of the next two pages
            seen.add(route)
            if masked(answers[0]) != masked(answers[1]):
                wrong.append(f"{method} {theirs}: {answers[0].status_code} / {answers[1].status_code}\n{_difference(*map(masked, answers))}")
            if CANARY in everything_of(answers[0]):
                wrong.append(f"{method} {theirs} tells the canary")
        if asked % 10 == 0:  # Dea on the same connection, in between: she sees hers, and nothing of Ana's
            own = clients["dea"][0].get(f"/customer/{away.records['customer']}")
            assert own.status_code == 200 and CANARY in everything_of(own)
            served += 1
    assert not wrong, f"{len(wrong)} of {asked}:\n" + "\n".join(wrong[:20])
    assert {k: v for k, v in database_hash().items() if k not in PASSING} == before
    assert served > 20
    assert seen == {r for r in routes() if any(name in r for name in ("<uuid:", "<str:record_id>", "<str:key>"))}
    record_property("measured", f"{asked} requests with foreign and unknown ids alike over {len(seen)} URL patterns")


def _references() -> Iterator[tuple[TypeInfo, Field]]:
    for info in list(registry.shipped().values()):
        yield from ((info, f) for f in info.fields.values() if f.to and f.source != "computed")


@pytest.mark.slow
def test_a_foreign_id_inside_a_request_is_like_an_unknown_one(cast: Cast) -> None:
    """In bodies, filters, form fields, ticked rows, undo marks and board moves."""
    away, (web, api) = Away(cast), _clients(cast)["ana"]
    mine = {info.key: owned_by(cast, "ana", info).pk for info in list(registry.shipped().values())}
    for info, field in _references():
        targets = [away.records.get(field.to, cast.dea.pk), new_id()]
        for ask in (
            lambda pk, k=info.key, f=field.key: api.patch(f"/api/v1/{k}/{mine[k]}", json.dumps({f: str(pk)}), "application/json"),
            lambda pk, k=info.key, f=field.key: api.post(f"/api/v1/{k}", json.dumps({f: str(pk)}), "application/json"),
            lambda pk, k=info.key, f=field.key: api.get(f"/api/v1/{k}?filter={f}+is+{pk}"),
            lambda pk, k=info.key, f=field.key: web.get(f"/{k}/rows?filter={f}+is+{pk}"),
            lambda pk, k=info.key, f=field.key: web.get(f"/{k}/export.csv?filter={f}+is+{pk}"),
            lambda pk, k=info.key, f=field.key: web.get(f"/{k}/new?{f}={pk}"),
            lambda pk, k=info.key, f=field.key: web.post(f"/{k}/{mine[k]}/field/{f}", {f: str(pk)}),
        ):
            with transaction.atomic():
                theirs = ask(targets[0])
                transaction.set_rollback(True)
            with transaction.atomic():
                nobodys = ask(targets[1])
                transaction.set_rollback(True)
            assert masked(theirs) == masked(nobodys), (info.key, field.key, theirs.status_code, nobodys.status_code)
            assert CANARY not in everything_of(theirs)
    for info in list(registry.shipped().values()):
        for body in ({"ids": None, "do": "delete"}, {"record": None, "column": str(mine["stage"])}, {"marks": None}):
            for page in ("bulk", "board/move"):
                told = []
                for pk in (away.records[info.key], new_id()):
                    with transaction.atomic():
                        told.append(web.post(f"/{info.key}/{page}", {k: v or str(pk) for k, v in body.items()}))
                        transaction.set_rollback(True)
                assert masked(told[0]) == masked(told[1]) and CANARY not in everything_of(told[0]), (info.key, page)


@pytest.mark.slow
def test_no_list_search_or_export_of_ours_holds_a_word_of_theirs(cast: Cast) -> None:
    """Every GET there is, and every word of theirs asked for."""
    away, (web, api) = Away(cast), _clients(cast)["ana"]
    for route in routes():
        if "GET" not in REVIEWED[route].methods or REVIEWED[route].is_public:
            continue
        for info in list(registry.shipped().values()) if REVIEWED[route].about != "page" else list(registry.shipped().values())[:1]:
            for address in filled(route, info, away.records[info.key]):
                answer = (api if address.startswith("/api/") else web).get(address)
                assert CANARY not in everything_of(answer), address
    for address in (f"/search?q={CANARY[:6]}", f"/api/v1/search?q={CANARY[:6]}", f"/lookup/customer?q={CANARY[:6]}"):
        answer = (api if address.startswith("/api/") else web).get(address, headers={"HX-Request": "true"})
        assert CANARY not in everything_of(answer).replace(address, ""), address
    assert CANARY in everything_of(_clients(cast)["dea"][0].get(f"/search?q={CANARY[:6]}"))


def test_a_token_of_theirs_opens_nothing_of_ours(cast: Cast) -> None:
    """Whatever the request says about a workspace: the token decides."""
    mine = owned_by(cast, "ana", registry.get("customer"))
    dea = cast.api("dea")
    for how in (f"?workspace={cast.home.pk}", "", f"?user={cast.ana.pk}"):
        answer = dea.get(f"/api/v1/customer/{mine.pk}{how}", headers={"X-Workspace": str(cast.home.pk)})
        assert answer.status_code == (400 if how else 404)  # an unknown parameter is refused
        assert masked(answer) == masked(dea.get(f"/api/v1/customer/{new_id()}{how}"))


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_ten_thousand_turns_on_one_connection_never_cross(committed_cast: Cast, record_property: pytest.RecordProperty) -> None:
    """Pool size one: two workspaces by turns, errors and rollbacks at random in between, the guard of the code left out."""
    cast, chance = committed_cast, random.Random(8264)
    model = registry.get("customer").model
    with use_workspace(cast.home):
        owned_by(cast, "ana", registry.get("customer"))
    with use_workspace(cast.away):
        make(cast.ctx("dea"), "customer")
    before = connection.connection
    turns = crossings = 0
    while turns < 10_000:
        place = cast.home if turns % 2 else cast.away
        with use_workspace(place):
            crossings += _one_turn(chance, model, place.pk)
        turns += 1
    assert crossings == 0
    assert connection.connection is before
    record_property("measured", f"{turns} turns of two workspaces on one connection, {crossings} crossings")


def _one_turn(chance: random.Random, model: type, place: UUID) -> int:
    """How many foreign rows one turn saw. On SQLite the guarded manager is the wall; on PostgreSQL it is left out."""
    dice = chance.random()
    try:
        if dice < 0.4:
            return _foreign(model, place)
        with transaction.atomic():
            found = _foreign(model, place)
            if dice < 0.55:
                with transaction.atomic():
                    found += _foreign(model, place)
                    raise KeyError
            if dice < 0.7:
                with connection.cursor() as cursor:
                    cursor.execute("SELECT no_such_column FROM kernel_user")
            if dice < 0.8:
                transaction.set_rollback(True)
            if dice < 0.85:
                with unscoped("test"):
                    model.objects.exists()
                found += _foreign(model, place)
            return found
    except (KeyError, DatabaseError):
        return _foreign(model, place)


def _foreign(model: type, place: UUID) -> int:
    from django.db.models import QuerySet

    rows = QuerySet(model) if connection.vendor == "postgresql" else model.objects.all()  # type: ignore[attr-defined]
    seen = list(rows.values_list("workspace_id", flat=True))
    assert seen, "the workspace has rows of its own"
    return sum(1 for one in seen if one != place)
