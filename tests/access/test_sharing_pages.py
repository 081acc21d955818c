"""Sharing and explaining over pages and API: the same rules as in the kernel, the same answers for strangers."""

from __future__ import annotations

import json
from uuid import uuid4

import pytest

from rapport.kernel.access import sharing
from rapport.kernel.access.models import Role
from rapport.kernel.access.sharing_models import Grant
from rapport.kernel.changes.models import Change
from rapport.kernel.errors import Refused
from tests.access.masks import masked
from tests.cast import Cast
from tests.factory import make


def _give(cast: Cast, who: str, record: object, **given: object) -> object:
    return cast.api(who).post(f"/api/v1/customer/{record.pk}/access", json.dumps(given), content_type="application/json")  # type: ignore[attr-defined]


def test_the_api_shares_tells_why_and_takes_back(cast: Cast) -> None:
    record = make(cast.system, "customer", owner=cast.ben.pk)
    made = _give(cast, "ben", record, user="Cem Aydin", level="edit", part="Technical lead", as_member=True)
    assert made.status_code == 201 and made.json()["level"] == "edit"  # type: ignore[attr-defined]
    told = cast.api("ben").get(f"/api/v1/customer/{record.pk}/access").json()
    cem = next(one for one in told["people"] if one["name"] == "Cem Aydin")
    assert cem["may_edit"] and not cem["may_delete"]
    assert cem["reasons"] == [{"cause": "member", "sentence": "They are in the team of this record (Technical lead)."}]
    assert cast.api("cem").get(f"/api/v1/customer/{record.pk}").status_code == 200
    ident = told["shared_with"][0]["id"]
    assert cast.api("ben").delete(f"/api/v1/customer/{record.pk}/access/{ident}").status_code == 204
    assert cast.api("cem").get(f"/api/v1/customer/{record.pk}").status_code == 404
    entries = Change.objects.filter(workspace=cast.home, record_id=record.pk).order_by("number")
    assert list(entries.values_list("verb", flat=True)) == ["create", "shared", "unshared", "denied"]
    assert entries[1].details["name"] == "Cem Aydin" and entries[1].details["level"] == "edit"


@pytest.mark.parametrize(
    "given", [{}, {"user": "Nobody"}, {"user": "Cem Aydin", "level": "owner"}, {"user": "Cem Aydin", "until": "2020-01-01T00:00:00Z"},
              {"user": "Cem Aydin", "role": "owner"}, {"user": "Dea Lund"}],
)  # fmt: skip
def test_what_cannot_be_shared_is_told_and_nothing_happens(cast: Cast, given: dict[str, object]) -> None:
    record = make(cast.system, "customer", owner=cast.ben.pk)
    assert _give(cast, "ben", record, **given).status_code in (400, 422)  # type: ignore[attr-defined]
    assert not Grant.objects.filter(workspace=cast.home).exists()


def test_sharing_more_than_one_has_is_refused(cast: Cast) -> None:
    """Ben may see all and share all, but change only his own."""
    role = Role.objects.get(key="sales")
    Role.objects.filter(pk=role.pk).update(rights={**role.rights, "customer": {"view": "all", "share": "all", "edit": "own"}})
    theirs = make(cast.system, "customer", owner=cast.cem.pk)
    with pytest.raises(Refused, match="more than you may do"):
        sharing.share(cast.ctx("ben"), theirs, cast.ana.pk, level="edit")
    sharing.share(cast.ctx("ben"), theirs, cast.ana.pk, level="read")


def test_who_knows_of_no_users_shares_with_none_and_is_told_of_none(cast: Cast) -> None:
    """An external sees their own record and themselves; names of colleagues are not theirs to know."""
    role = Role.objects.get(key="sales")
    Role.objects.filter(pk=role.pk).update(rights={"customer": {"view": "own", "share": "own"}})
    record = make(cast.system, "customer", owner=cast.ben.pk)
    assert _give(cast, "ben", record, user=str(cast.cem.pk)).status_code in (400, 422)  # type: ignore[attr-defined]
    told = cast.api("ben").get(f"/api/v1/customer/{record.pk}/access").json()
    assert [one["name"] for one in told["people"]] == ["Ben Moore"]
    page = cast.client("ben").get(f"/customer/{record.pk}/access").content.decode()
    assert "Ana Silva" not in page and "Cem" not in page


def test_a_guest_takes_nobody_else_off(cast: Cast) -> None:
    record = make(cast.system, "customer", owner=cast.ben.pk)
    mine = sharing.share(cast.ctx("ben"), record, cast.cem.pk)
    other = sharing.share(cast.ctx("ben"), record, cast.ana.pk)
    with pytest.raises(Refused):
        sharing.unshare(cast.ctx("cem"), record, other.id)
    assert cast.client("cem").post(f"/customer/{record.pk}/unshare", {"grant": mine.id}).status_code == 302
    assert Grant.objects.filter(record_id=record.pk, workspace=cast.home).count() == 1


def test_strangers_and_unknown_ids_read_alike(cast: Cast) -> None:
    record = make(cast.system, "customer", owner=cast.ben.pk)
    web = cast.client("cem")
    for address, given in (("access", None), ("share", {"user__text": "Ana Silva"}), ("unshare", {"grant": "1"})):
        answers = []
        for pk in (record.pk, uuid4()):
            path = f"/customer/{pk}/{address}"
            answers.append(masked(web.get(path) if given is None else web.post(path, given)))
        assert answers[0] == answers[1], address


def test_what_a_user_sees_is_for_those_who_manage_people(cast: Cast) -> None:
    make(cast.system, "customer", owner=cast.ben.pk)
    page = cast.client("ana").get(f"/user/{cast.ben.pk}/sees").content.decode()
    assert "What Ben Moore can see" in page and "North" in page
    assert cast.client("ben").get(f"/user/{cast.cem.pk}/sees").status_code == 403


def test_a_preview_shares_nothing(cast: Cast) -> None:
    """Not even past the page, at the kernel."""
    from dataclasses import replace

    from rapport.kernel.access.viewer import looking_as

    record = make(cast.system, "customer", owner=cast.ana.pk)
    ctx = cast.ctx("ana")
    looking = replace(ctx, viewer=looking_as(ctx.viewer, Role.objects.get(key="sales")), memory={})
    with pytest.raises(Refused, match="eyes of another role"):
        sharing.share(looking, record, cast.cem.pk)
    with pytest.raises(Refused, match="eyes of another role"):
        looking.write(record, name="X")
    assert not Grant.objects.filter(workspace=cast.home).exists()
