"""How often one person may be asked: the rule against a slow oracle that walks every day."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rapport.engines.rating.desk import Rest
from rapport.modules.satisfaction.deciding import is_resting
from rapport.modules.satisfaction.models import SurveyAnswer, SurveyRest
from rapport.surfaces.web.rating.mailing import ask_workspace
from tests.cast import Cast
from tests.satisfaction.test_asking import a_person, a_survey, solved

_BEGIN = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
_KINDS = st.sampled_from(["csat", "nps", "ces"])
_TURNS = st.lists(st.tuples(st.integers(0, 400 * 24), _KINDS), max_size=40).map(sorted)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(turns=_TURNS, days=st.integers(1, 60), nps_days=st.integers(1, 200))
def test_the_limit_is_that_of_an_oracle_that_looks_at_each_hour(turns: list[tuple[int, str]], days: int, nps_days: int) -> None:
    """Whoever is asked at each turn when allowed: hour by hour nobody is asked twice within the days, nor anything kept back
    that the days allow."""
    asked: list[tuple[dt.datetime, str]] = []
    taken: dict[int, list[str]] = {}
    for hour, kind in turns:
        now = _BEGIN + dt.timedelta(hours=hour)
        last_any = max((at for at in range(hour, max(-1, hour - days * 24), -1) if taken.get(at)), default=None)
        last_nps = max((at for at in range(hour, max(-1, hour - nps_days * 24), -1) if "nps" in taken.get(at, [])), default=None)
        expected = last_any is not None or (kind == "nps" and last_nps is not None)
        assert is_resting(asked, kind, now, Rest(days, nps_days)) == expected
        if not expected:
            asked.append((now, kind))
            taken.setdefault(hour, []).append(kind)


@pytest.mark.django_db
def test_the_days_are_the_companys_to_set_and_hold_for_the_next_question(cast: Cast) -> None:
    client = cast.client("ana")
    assert client.post("/satisfaction/rest", {"days": "7", "nps_days": "60"}).status_code == 302
    row = SurveyRest.objects.get(workspace_id=cast.home.pk)
    assert (row.days, row.nps_days) == (7, 60)
    wrong = client.post("/satisfaction/rest", {"days": "soon", "nps_days": "60"})
    assert wrong.status_code == 422 and 'value="soon"' in wrong.content.decode()
    assert cast.client("ben").post("/satisfaction/rest", {"days": "1", "nps_days": "1"}).status_code == 403
    a_survey(cast)
    person = a_person(cast)
    solved(cast, person)
    assert ask_workspace(cast.home) == 1
    SurveyAnswer.objects.update(asked_at=dt.datetime.now(dt.UTC) - dt.timedelta(days=8))
    solved(cast, person)
    assert ask_workspace(cast.home) == 1
