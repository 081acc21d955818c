"""Who reads the audit log, and what of it: the verb "audit" on a type, the field groups, the records in reach."""

from __future__ import annotations

import csv
import io
import json
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import OperationalError
from django.test import Client

from rapport.kernel.access import events
from rapport.kernel.access.current import use_workspace
from rapport.kernel.access.models import Account, Role
from rapport.kernel.access.setup import add_user
from rapport.kernel.changes.audit import audit_page
from rapport.kernel.changes.events import note_event
from rapport.kernel.changes.models import Change
from rapport.kernel.changes.verify import verify_log
from tests.access.masks import text_of
from tests.cast import PASSWORD, Cast, first_stage_id, hide_group


def hire(cast: Cast, key: str, rights: dict[str, dict[str, str]], groups: dict[str, str], **more: object) -> Client:
    """Somebody with a role of their own, signed in."""
    role = cast.system.create("role", name=key)
    Role.objects.filter(pk=role.pk).update(key=key, rights=rights, field_groups=groups)
    user = add_user(
        cast.system, key.title(), email=f"{key}.{cast.home.pk.hex[-8:]}@example.com", role_key=key, password=PASSWORD, **more
    )
    setattr(cast, key, user)
    return cast.client(key)


def entries(cast: Cast, who: str, **query: object) -> list[dict[str, object]]:
    """All entries the person's program gets, page after page."""
    client, found, cursor = cast.api(who), [], ""
    for _page in range(100):
        answer = client.get("/api/v1/audit", {**query, "limit": 20, **({"cursor": cursor} if cursor else {})})
        assert answer.status_code == 200, answer.content
        body = answer.json()
        found += body["items"]
        if body["next"] is None:
            return found
        cursor = body["next"]
    raise AssertionError("The pages never end.")


def events_of(cast: Cast, verb: str) -> list[Change]:
    with use_workspace(cast.home):
        return list(Change.objects.filter(workspace=cast.home, verb=verb).order_by("number"))


def test_sellers_are_refused_and_management_is_not(cast: Cast) -> None:
    """Shipped roles: the page, its file and the API open to owner and management only; others have no way to it."""
    add_user(cast.system, "Mia", email=f"mia.{cast.home.pk.hex[-8:]}@example.com", role_key="management", password=PASSWORD)
    cast.mia = type(cast.ana).objects.get(name="Mia")
    record = cast.ctx("ben").create("customer", name="Olive", kind="company")
    for who, status in (("ana", 200), ("mia", 200), ("ben", 403), ("cem", 403)):
        client = cast.client(who)
        for address in ("/settings/audit", "/settings/audit.csv"):
            answer = client.get(address)
            text_of(answer)
            assert answer.status_code == status, (who, address)
        assert cast.api(who).get("/api/v1/audit").status_code == status
        assert ("/settings/audit" in client.get("/settings/").content.decode()) == (status == 200)
        page = client.get(f"/customer/{record.pk}").content.decode()
        assert ("Audit of this record" in page) == (status == 200)


def test_the_page_tells_what_happened(cast: Cast) -> None:
    """Sentences, before and after, the record's link; filters narrow it and stand as chips."""
    record = cast.ctx("ben").create("customer", name="Olive", kind="company", note="first")
    cast.ctx("ben").write(record, note="second")
    ana = cast.client("ana")
    page = ana.get(f"/settings/audit?type=customer&record={record.pk}").content.decode()
    assert "changed note of customer “Olive”" in page and "added customer “Olive”" in page
    assert "first" in page and "second" in page and f'href="/customer/{record.pk}"' in page
    assert "Ben Moore" in page and 'class="chip"' in page
    assert "second" not in ana.get("/settings/audit?verb=create").content.decode()
    assert "second" in ana.get("/settings/audit?q=SECOND").content.decode()
    assert "second" not in ana.get("/settings/audit?until=2020-01-01").content.decode()
    assert "second" in ana.get("/settings/audit?since=2020-01-01").content.decode()
    assert "Write the day as" in ana.get("/settings/audit?since=yesterday").content.decode()
    assert "No entry matches" in ana.get("/settings/audit?verb=erased").content.decode()


def test_hidden_fields_are_not_in_the_log(cast: Cast) -> None:
    """Two roles that differ in one field group: one reads amounts, for the other they and their changes never were."""
    rights = {"deal": {"view": "all", "audit": "all", "export": "all"}}
    hire(cast, "sees", rights, {"sales.amounts": "read"})
    hire(cast, "blind", rights, {})
    deal = cast.ctx("ana").create("deal", name="Roof", stage=first_stage_id(), amount="7391.55")
    cast.ctx("ana").write(deal, amount="8462.77")
    cast.ctx("ana").write(deal, amount="8463.00", name="Roof and wall")
    text_of(cast.client("ana").get("/deal/export.csv?filter=amount > 8462&sort=-amount"))
    for who, sees in (("sees", True), ("blind", False)):
        found = entries(cast, who, type="deal")
        text = json.dumps(found)
        client = cast.client(who)
        text += text_of(client.get("/settings/audit?type=deal")) + text_of(client.get("/settings/audit.csv?type=deal"))
        for canary in ("7391", "8462", "8463", "amount"):
            assert (canary in text) == sees, (who, canary)
        verbs = [one["verb"] for one in found if one["record"] == str(deal.pk)]
        assert verbs == (["update", "update", "create"] if sees else ["update", "create"])
        assert entries(cast, who, q="8462") == [] if not sees else entries(cast, who, q="8462")


def test_sensitive_records_are_not_in_the_log(cast: Cast) -> None:
    """A sensitive preference is nothing to whoever may not see such records, in the log either."""
    rights = {"*": {"view": "all", "audit": "all"}}
    hire(cast, "careless", rights, {"customers.figures": "read"})
    customer = cast.ctx("ana").create("customer", name="Olive", kind="person")
    cast.ctx("ana").create("preference", customer=customer.pk, what="Diet", wish="Canary4711", is_sensitive=True)
    cast.ctx("ana").create("preference", customer=customer.pk, what="Colour", wish="White0815")
    assert "Canary4711" in json.dumps(entries(cast, "ana", type="preference"))
    seen = json.dumps(entries(cast, "careless", type="preference"))
    assert "Canary4711" not in seen and "White0815" in seen


def test_own_and_team_scopes_read_about_records_in_reach(cast: Cast) -> None:
    """With scope team only what happened to the team's records, deleted ones too; nothing of sign-ins or exports."""
    rights = {"customer": {"view": "team", "audit": "team", "edit": "team"}}
    hire(cast, "lead", rights, {}, team=cast.ben.team_id)
    mine = cast.ctx("ben").create("customer", name="Ours", kind="company")
    cast.ctx("ben").write(mine, note="x")
    binned = cast.ctx("ben").create("customer", name="Gone", kind="company")
    cast.system.delete(binned)
    theirs = cast.ctx("cem").create("customer", name="Theirs", kind="company")
    deal = cast.ctx("ben").create("deal", name="Roof", stage=first_stage_id())
    text_of(cast.client("ana").get("/customer/export.csv"))
    events.note("signed_in", user=cast.ben, address="192.0.2.1")
    cast.client("lead").get(f"/customer/{theirs.pk}")
    found = entries(cast, "lead")
    assert {one["record"] for one in found} == {str(mine.pk), str(binned.pk)}
    assert str(deal.pk) not in json.dumps(found) and "signed_in" not in json.dumps(found)
    every = {one["verb"] for one in entries(cast, "ana")}
    assert {"signed_in", "exported", "denied", "create", "update", "delete"} <= every


def test_types_under_a_parent_need_the_right_on_the_parent(cast: Cast) -> None:
    """Ben may edit customers, which opens affiliations to him; that opens no audit log."""
    person = cast.ctx("ben").create("customer", name="Ann", kind="person")
    cast.ctx("ben").create("preference", customer=person.pk, what="Colour", wish="White")
    assert cast.api("ben").get("/api/v1/audit", {"type": "preference"}).status_code == 403


def test_the_scope_of_audit_reaches_under_the_parent(cast: Cast) -> None:
    """Whoever sees all customers but audits the team's reads nothing about preferences of other teams' customers."""
    hire(cast, "lead", {"customer": {"view": "all", "audit": "team"}}, {"*": "edit"}, team=cast.ben.team_id)
    for who in ("ben", "cem"):
        person = cast.ctx(who).create("customer", name=f"Of {who}", kind="person")
        cast.ctx(who).create("preference", customer=person.pk, what="Colour", wish=f"Wish of {who}")
    seen = json.dumps(entries(cast, "lead"))
    assert "Wish of ben" in seen and "Wish of cem" not in seen and "Of cem" not in seen


def test_nothing_of_another_workspace(cast: Cast) -> None:
    """Owners read their own log only, whatever ids they name."""
    with use_workspace(cast.away):
        record = cast.ctx("dea").create("customer", name="Faraway", kind="company")
    events.note("signed_in", account=Account.objects.get(pk=cast.dea.account_id), address="192.0.2.9")
    for query in ({}, {"record": str(record.pk)}, {"actor": str(cast.dea.pk)}, {"q": "Faraway"}):
        assert "Faraway" not in json.dumps(entries(cast, "ana", **query))
        assert not query or entries(cast, "ana", **query) == []
    assert "192.0.2.9" in json.dumps(entries(cast, "dea", verb="signed_in"))
    assert entries(cast, "ana", verb="signed_in") == []


# -- what gets into it ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("surface", ["web", "api"])
def test_a_refusal_is_logged_alike_for_a_strangers_record_and_none(cast: Cast, surface: str) -> None:
    """Asking for what one may not see leaves an entry; nothing in it tells whether there was something to see."""
    hidden = cast.ctx("cem").create("customer", name="Theirs", kind="company")
    unknown = uuid4()
    for pk in (hidden.pk, unknown):
        if surface == "web":
            assert cast.client("ben").get(f"/customer/{pk}").status_code == 404
            assert cast.client("ben").post(f"/customer/{pk}/delete").status_code == 404
        else:
            client = cast.api("ben")
            assert client.get(f"/api/v1/customer/{pk}").status_code == 404
            assert client.delete(f"/api/v1/customer/{pk}").status_code == 404
    found = events_of(cast, "denied")
    assert [one.record_id for one in found] == [hidden.pk] * 2 + [unknown] * 2
    assert {(one.type, one.actor_id, one.surface, one.version) for one in found} == {("customer", cast.ben.pk, surface, 0)}
    told = [json.dumps({**one.details, "path": one.details["path"].replace(str(one.record_id), "ID")}) for one in found]
    assert told[:2] == told[2:] and [one.details["writes"] for one in found[:2]] == [False, True]
    assert verify_log(cast.home).is_whole


def test_every_refused_write_is_logged(cast: Cast) -> None:
    """403 over page, part of a page, API, bulk and board: one entry each, and nothing else is written."""
    hire(cast, "val", {"*": {"view": "all"}}, {"*": "edit"})
    val, api = cast.client("val"), cast.api("val")
    record = cast.ctx("ana").create("customer", name="Olive", kind="company")
    deal = cast.ctx("ana").create("deal", name="Roof", stage=first_stage_id())
    before = Change.objects.exclude(verb="denied").count()
    tries = [
        lambda: val.post(f"/customer/{record.pk}/edit", {"name": "X"}),
        lambda: val.post(f"/customer/{record.pk}/delete", headers={"HX-Request": "true"}),
        lambda: val.post("/customer/new", {"name": "X"}),
        lambda: val.get("/customer/export.csv"),
        lambda: val.post(f"/deal/{deal.pk}/do/win", {"reason": "x"}),
        lambda: val.post("/deal/board/move", {"record": deal.pk, "column": first_stage_id()}, headers={"HX-Request": "true"}),
        lambda: val.post("/customer/bulk", {"id": [record.pk, uuid4()], "do": "delete"}),
        lambda: val.post("/deal/bulk", {"id": [deal.pk], "do": "run:win", "in_reason": "x", "confirmed": "1"}),
        lambda: api.patch(f"/api/v1/customer/{record.pk}", {"name": "X"}, content_type="application/json"),
        lambda: api.post("/api/v1/customer", {"name": "X"}, content_type="application/json"),
        lambda: api.post(f"/api/v1/deal/{deal.pk}/win", {"reason": "x"}, content_type="application/json"),
    ]
    for number, go in enumerate(tries, start=1):
        text_of(go())
        found = events_of(cast, "denied")
        assert len(found) == number, number
        assert found[-1].actor_id == cast.val.pk and found[-1].type in ("customer", "deal")
    assert Change.objects.exclude(verb="denied").count() == before
    assert [one.details["count"] for one in events_of(cast, "denied") if "count" in one.details] == [1]  # two at once are refused as a whole


def test_events_are_no_part_of_a_records_history(cast: Cast) -> None:
    """Refusals and exports show on the audit page only: not in history, timeline, API history or undo, nor do they
    make an edit look contested."""
    record = cast.ctx("ana").create("customer", name="Olive", kind="company")
    ctx = cast.ctx("ana")
    note_event(ctx, "denied", record, status=403)
    note_event(ctx, "exported", record, rows=1)
    note_event(ctx, "shared", record, level="read")
    ana = cast.client("ana")
    history = ana.get(f"/customer/{record.pk}/history").content.decode()
    story = ana.get(f"/customer/{record.pk}/timeline?only=change").content.decode()
    assert history.count('class="first"') == 2 and "Shared" in history
    assert "shared it" in story and "brought it back" not in story
    told = cast.api("ana").get(f"/api/v1/customer/{record.pk}/history").json()["items"]
    assert [one["verb"] for one in told] == ["shared", "create"]
    assert ana.post("/undo", {"what": f"customer:{record.pk}:0"}).status_code == 404
    answer = cast.api("ana").patch(
        f"/api/v1/customer/{record.pk}", {"name": "Olives"}, content_type="application/json", headers={"If-Match": '"1"'}
    )
    assert answer.status_code == 200


def test_exports_and_downloads_are_logged(cast: Cast) -> None:
    """A list taken along: type, filter, columns, rows; the audit log itself too."""
    for n in range(3):
        cast.ctx("ana").create("customer", name=f"Row {n}", kind="company")
    ana = cast.client("ana")
    text_of(ana.get('/customer/export.csv?filter=name contains "Row"'))
    one = events_of(cast, "exported")[-1]
    assert (one.type, one.details["rows"], one.actor_id) == ("customer", 3, cast.ana.pk)
    assert "Row" in one.details["filter"] and "name" in one.details["columns"]
    lines = list(csv.reader(io.StringIO(text_of(ana.get("/settings/audit.csv?verb=exported")))))
    assert lines[0][0] == "number" and lines[1][3] == "Exported" and lines[1][0] == str(one.number)
    assert events_of(cast, "exported")[-1].details["what"] == "audit"
    facts = ana.post("/file/", {"file": SimpleUploadedFile("offer.txt", b"an offer")}).json()
    activity = cast.ctx("ana").create("activity", subject="Offer", file=facts)
    assert text_of(ana.get(f"/file/{facts['key']}")) == "an offer"
    last = events_of(cast, "exported")[-1]
    assert (last.type, last.record_id, last.details["format"]) == ("activity", activity.pk, "file")


def test_sign_ins_reach_every_workspace_of_the_account(cast: Cast) -> None:
    """What sign-in tells is written into the log of each workspace the account works in, and nowhere else."""
    account = Account.objects.get(pk=cast.ben.account_id)
    with use_workspace(cast.away):
        from rapport.kernel.context import system_context

        second = add_user(system_context(cast.away, "test"), "Ben abroad", role_key="sales")
        type(second).objects.filter(pk=second.pk).update(account=account)
    events.note("sign_in_failed", account=account, address="192.0.2.7", reason="wrong password")
    events.note("token_revoked", workspace_id=cast.home.pk, user=cast.ben, name="Accounting")
    events.note("sign_in_failed", address="192.0.2.8")
    for space, who in ((cast.home, cast.ben), (cast.away, second)):
        with use_workspace(space):
            found = Change.objects.get(workspace=space, verb="sign_in_failed")
        assert (found.actor_id, found.details["address"], found.type) == (who.pk, "192.0.2.7", "")
    assert Change.objects.filter(verb="token_revoked").count() == 1
    assert verify_log(cast.home).is_whole and verify_log(cast.away).is_whole


def test_an_answer_goes_out_when_the_log_cannot_be_written(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A busy database keeps the entry out, says so in the log file, and the 404 stays a 404."""
    from rapport.kernel.changes import events as change_events

    def busy(*_args: object, **_more: object) -> None:
        raise OperationalError("database is locked")

    monkeypatch.setattr(change_events, "note_event", busy)
    assert cast.client("ben").get(f"/customer/{uuid4()}").status_code == 404
    assert "audit log could not be written" in caplog.text


def test_imports_are_logged(cast: Cast, tmp_path: object) -> None:
    """Start and result of an import stand in the log with the file and the counts."""
    from rapport.engines.imports.run import Wish, import_file

    path = tmp_path / "people.csv"  # type: ignore[operator]
    path.write_text("name,kind\nAnn,person\nBob,person\n")
    import_file(cast.ctx("ana"), Wish(path, type="customer"))
    found = events_of(cast, "imported")
    assert [one.details["state"] for one in found] == ["started", "done"]
    assert found[1].details["file"] == "people.csv" and 2 in found[1].details["counts"].values()


def test_bad_parameters_are_told(cast: Cast) -> None:
    """A wrong id, time, cursor or type is a 400 or 404, never a 500."""
    api = cast.api("ana")
    for query in ({"actor": "x"}, {"since": "soon"}, {"cursor": "x"}, {"limit": "0"}, {"nonsense": "1"}):
        assert api.get("/api/v1/audit", query).status_code == 400, query
    assert api.get("/api/v1/audit", {"type": "nonsense"}).status_code == 404
    ana = cast.client("ana")
    for query in ("who=x", "record=x", "since=9999-99-99", "until=0001-01-01", "type=nonsense", "cursor=5"):
        assert ana.get(f"/settings/audit?{query}").status_code == 200, query


def test_hidden_groups_of_the_shipped_roles(cast: Cast) -> None:
    """Management without the sensitive group reads the log without sensitive preferences."""
    add_user(cast.system, "Mia", email=f"mia.{cast.home.pk.hex[-8:]}@example.com", role_key="management", password=PASSWORD)
    cast.mia = type(cast.ana).objects.get(name="Mia")
    customer = cast.ctx("ana").create("customer", name="Olive", kind="person")
    cast.ctx("ana").create("preference", customer=customer.pk, what="Diet", wish="Canary4711", is_sensitive=True)
    assert "Canary4711" in json.dumps(entries(cast, "mia"))
    hide_group(cast, "management", "customers.sensitive")
    assert "Canary4711" not in json.dumps(entries(cast, "mia"))


def test_taking_the_log_along_needs_the_right_to_export(cast: Cast) -> None:
    """Who may read the log but export nothing sees no button and gets no file; with export of one type, that type only."""
    hire(cast, "reader", {"*": {"view": "all", "audit": "all"}}, {"*": "read"})
    hire(cast, "taker", {"*": {"view": "all", "audit": "all"}, "deal": {"view": "all", "audit": "all", "export": "all"}}, {"*": "read"})
    cast.ctx("ana").create("customer", name="Canary4711", kind="company")
    cast.ctx("ana").create("deal", name="Canary0815", stage=first_stage_id())
    reader, taker = cast.client("reader"), cast.client("taker")
    assert "audit.csv" not in reader.get("/settings/audit").content.decode()
    assert reader.get("/settings/audit.csv").status_code == 403
    text = text_of(taker.get("/settings/audit.csv"))
    assert "Canary0815" in text and "Canary4711" not in text
    assert "Canary4711" in text_of(taker.get("/settings/audit"))


def test_every_combination_of_filters_finds_what_a_plain_look_finds(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """The walk along the rarest condition in small steps gives exactly the entries that meet all conditions, in order."""
    from itertools import product

    from rapport.kernel.changes import audit_walk

    ctx = cast.ctx("ana")
    for n in range(12):
        record = cast.ctx("ben" if n % 3 else "cem").create("customer", name=f"Row {n}", kind="company")
        ctx.write(record, note=str(n))
        if n % 4 == 0:
            note_event(ctx, "exported", type_key="deal", rows=n)
    for name, value in (("_STEP", 5), ("_FIRST_STEP", 3), ("_PROBE", 2)):
        monkeypatch.setattr(audit_walk, name, value)
    every = list(Change.objects.filter(workspace=cast.home).order_by("-number"))
    middle = every[len(every) // 2].at
    for type_key, verb, who, since in product(("", "customer", "deal"), ("", "update", "exported"), (None, cast.ana), (None, middle)):
        found, cursor = [], ""
        while True:
            page = audit_page(
                ctx, type_key=type_key, verb=verb, actor_id=who.pk if who else None, since=since, cursor=cursor, limit=4
            )
            found += [line.change.number for line in page.lines]
            if page.next is None:
                break
            cursor = page.next
        wanted = [
            one.number for one in every
            if type_key in ("", one.type) and verb in ("", one.verb) and (who is None or one.actor_id == who.pk)
            and (since is None or one.at >= since)
        ]  # fmt: skip
        assert found == wanted, (type_key, verb, who, since)
