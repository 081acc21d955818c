"""Every text for people is there in every language Rapport ships, with its placeholders whole."""

from __future__ import annotations

import re

import pytest
from django.conf import settings
from django.test import Client

from tests.languages import LANGUAGES, extracted, is_translated, key_of, stored

pytestmark = pytest.mark.once
PLACE = re.compile(r"%\([a-z_0-9]+\)[sd]|%[sd%]|\{[a-z_]*\}")


@pytest.fixture(scope="module")
def sources() -> dict[object, object]:
    return {key_of(message): message for message in extracted() if message.id}


def test_the_shipped_languages_are_those_translated() -> None:
    assert {code for code, _name in settings.LANGUAGES} == {"en", *LANGUAGES}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_has_every_text(language: str, sources: dict[object, object]) -> None:
    kept = {key_of(m): m for m in stored(language) if m.id}
    missing = [key for key in sources if key not in kept or not is_translated(kept[key])]
    assert not missing, f"{len(missing)} without translation, such as {missing[:5]}; run python -m tests.languages"
    assert not set(kept) - set(sources), "texts that nobody shows any more; run python -m tests.languages"


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_translation_keeps_the_placeholders(language: str) -> None:
    wrong = []
    for message in stored(language):
        if not message.id:
            continue
        ids = [message.id] if isinstance(message.id, str) else list(message.id)
        wanted = {p for one in ids for p in PLACE.findall(one)}
        for text in [message.string] if isinstance(message.string, str) else message.string:
            found = set(PLACE.findall(text))
            # One of several forms may leave the number out ("one day"); none may ask for what is not given.
            if found - wanted or (len(ids) == 1 and found != wanted):
                wrong.append((message.id, text))
    assert not wrong, wrong[:10]


@pytest.mark.django_db
@pytest.mark.parametrize(("language", "words"), [("de", "Anmelden"), ("fr", "Se connecter"), ("es", "Iniciar sesión"), ("it", "Sign in")])
def test_the_sign_in_page_speaks_the_browsers_language(client: Client, language: str, words: str) -> None:
    answer = client.get("/sign-in/", headers={"accept-language": f"{language},en;q=0.5"})
    assert words in answer.content.decode()
    assert f'<html lang="{language if language != "it" else "en"}" dir="ltr"' in answer.content.decode()
