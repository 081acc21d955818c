"""The picture of relationships: drawn with a list beside it, of those whom the viewer may see and nobody else."""

from __future__ import annotations

import re

from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.cast import Cast

HX = {"HX-Request": "true"}
QUERIES = 14


def picture(cast: Cast, record: object, who: str = "ana") -> str:
    answer = cast.client(who).get(f"/customer/{record.pk}/network", headers=HX)
    assert answer.status_code == 200
    return answer.content.decode()


def test_people_their_ties_and_other_companies(cast: Cast) -> None:
    """Two steps out: the company's people, how they hang together, and where else they work."""
    ctx = cast.ctx("ana")
    hotel, group, cafe = (ctx.create("customer", name=name, kind="company") for name in ("Hotel Aldersley", "Aldersley Group", "Luca's Café"))
    ctx.write(hotel, parent=group.pk)
    grace, luca = (ctx.create("customer", name=name, kind="person") for name in ("Grace Tierney", "Luca Ferri"))
    ctx.create("affiliation", person=grace.pk, company=hotel.pk, job_title="General manager")
    ctx.create("affiliation", person=luca.pk, company=hotel.pk, job_title="Food and drink")
    ctx.create("affiliation", person=luca.pk, company=cafe.pk, job_title="Owner")
    ctx.create("relationship", one=luca.pk, tie="reports_to", other=grace.pk)
    shown = picture(cast, hotel).replace("&#39;", "'")
    for name in ("Grace Tierney", "Luca Ferri", "Luca's Café", "Aldersley Group"):
        assert shown.count(name) >= 2, f"{name} stands in the drawing and in the list"
    assert shown.count("<line") == 5 and shown.count("<circle") == 2
    words = re.sub(r"<[^>]+>", " ", shown.split('class="net-list"')[1])
    assert "General manager → Hotel Aldersley" in words and "reports to → Grace Tierney" in words
    assert "Aldersley Group   Hotel Aldersley → part of" in words
    assert cast.client("ana").get(f"/customer/{hotel.pk}/network").status_code == 200
    assert f"/customer/{hotel.pk}/network" in cast.client("ana").get(f"/customer/{hotel.pk}").content.decode()


def test_nobody_who_is_not_to_be_seen(cast: Cast) -> None:
    """Neither the person nor the tie to them, nor that there is one more."""
    system = cast.system
    hotel = cast.ctx("ben").create("customer", name="Hotel", kind="company")
    secret = cast.ctx("cem").create("customer", name="Secret Person", kind="person")
    system.create("affiliation", person=secret.pk, company=hotel.pk, job_title="Silent partner")
    shown = picture(cast, hotel, "ben")
    assert "Secret" not in shown and "Silent" not in shown and "more" not in shown.lower().split("modal-b")[1]
    assert cast.client("cem").get(f"/customer/{hotel.pk}/network").status_code == 404
    assert cast.client("ana").get(f"/task/{cast.ctx('ana').create('task', subject='x').pk}/network").status_code == 404


def test_forty_are_drawn_and_the_rest_counted_at_the_same_price(cast: Cast) -> None:
    ctx = cast.ctx("ana")
    counts = []
    for many in (2, 52):
        hotel = ctx.create("customer", name=f"Hotel {many}", kind="company")
        for n in range(many):
            person = ctx.create("customer", name=f"Person {many} {n:02}", kind="person")
            ctx.create("affiliation", person=person.pk, company=hotel.pk, job_title="Cook")
        client = cast.client("ana")
        client.get(f"/customer/{hotel.pk}/network", headers=HX)
        with CaptureQueriesContext(connection) as queries:
            shown = client.get(f"/customer/{hotel.pk}/network", headers=HX).content.decode()
        counts.append(len(queries))
    assert counts[0] == counts[1] <= QUERIES, counts
    assert shown.count("<circle") == 40 and "and 12 more" in shown
