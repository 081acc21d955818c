"""Personal data in satisfaction: the words go, the score stays for the figures; and rows that follow a person in a merge."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from rapport.engines.duplicates.registry import register_filter, register_holder
from rapport.engines.privacy.registry import EMPTY, on_erasure

on_erasure("survey_answer", EMPTY, why=_("The score stays for the figures; the words go."))
register_filter("survey", "customers")
register_holder("satisfaction.SurveyAsk", "person_id", same=("survey_id", "occasion"))
register_holder("satisfaction.SurveyAsk", "customer_id")
register_holder("satisfaction.ArticleRead", "person_id", same=("record_id", "occasion"))
