"""The sample company has ratings to look at, and they lead to nothing one has to do."""

from __future__ import annotations

import datetime as dt

import pytest

from rapport.engines.sample.workspace import make_sample_workspace
from rapport.kernel.access.current import use_workspace
from rapport.modules.activities.models import Task
from rapport.modules.satisfaction.models import SurveyAnswer


@pytest.mark.django_db
def test_the_sample_has_ratings_of_both_sorts_from_the_past() -> None:
    workspace, _people = make_sample_workspace(400, 1)
    with use_workspace(workspace):
        rows = SurveyAnswer.objects.all()
        assert rows.filter(kind="csat", score__isnull=False).count() >= 5 and rows.filter(score=None).exists()
        assert not rows.filter(answered_at__gt=dt.datetime.now(dt.UTC)).exists()
        assert not Task.objects.filter(subject__contains="rated").exists()
