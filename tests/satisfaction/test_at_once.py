"""Several runners at once: nobody is asked twice, and two surveys do not both find the same person rested."""

from __future__ import annotations

import pytest
from django.core import mail

from rapport.modules.satisfaction.models import SurveyAnswer, SurveyAsk
from rapport.surfaces.web.rating.mailing import ask_workspace
from tests.cast import Cast
from tests.kernel.test_concurrency import _at_once
from tests.satisfaction.test_asking import a_person, a_survey, solved

RUNNERS = 8


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_eight_runners_send_one_of_two_questions_to_one_person(committed_cast: Cast) -> None:
    cast = committed_cast
    a_survey(cast)
    a_survey(cast, name="Ease", kind="ces")
    solved(cast, a_person(cast))
    assert SurveyAsk.objects.filter(workspace_id=cast.home.pk, state="waiting").count() == 2
    results = _at_once(cast, lambda _n: ask_workspace(cast.home), RUNNERS)
    assert not [one for one in results if isinstance(one, Exception)], results
    assert sum(results) == 1 == len(mail.outbox) == SurveyAnswer.objects.count()  # type: ignore[arg-type]
    states = SurveyAsk.objects.filter(workspace_id=cast.home.pk).values_list("state", "why")
    assert sorted(states) == [("not_asked", "rested"), ("sent", "")]
