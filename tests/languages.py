"""The translation files: `python -m tests.languages` brings rapport/locale/*/LC_MESSAGES/django.po up to the sources.

`… missing de` prints as JSON what has no translation yet; `… fill de FILE` takes a JSON object {text: translation}
(for texts with a plural: a list of the forms) into the file. tests/test_languages.py fails while anything is missing.
"""

from __future__ import annotations

import ast
import datetime as dt
import json
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
LOCALE = ROOT / "rapport" / "locale"
LANGUAGES = ("de", "fr", "es")
KEYWORDS = {**DEFAULT_KEYWORDS, "_t": None, "gettext_lazy": None, "ngettext_lazy": (1, 2), "pgettext_lazy": ((1, "c"), 2)}
Key = tuple[str | None, str]
#: The same date always: a file changes when its texts do.
_NEVER = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


def path_of(language: str) -> Path:
    """Where a language's texts are."""
    return LOCALE / language / "LC_MESSAGES" / "django.po"


def extracted() -> Catalog:
    """Every text for people in the sources, without the places it stands at: they would change with every line."""
    with (LOCALE / "babel.cfg").open(encoding="utf-8") as file:
        methods, options = parse_mapping_cfg(file)
    catalog = Catalog(project="Rapport", charset="utf-8")
    found = extract_from_dir(ROOT / "rapport", methods, options, keywords=KEYWORDS, comment_tags=("Translators:",))
    for _file, _line, message, comments, context in found:
        catalog.add(message, None, auto_comments=comments, context=context)
    for text in _about_types():
        catalog.add(text, None)
    return catalog


def _about_types() -> Iterator[str]:
    """What the settings say about a record type: the first line of its declaration's docstring."""
    for path in sorted((ROOT / "rapport").rglob("*.py")):
        source = path.read_text(encoding="utf-8")
        if "(RecordType)" not in source:
            continue
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.ClassDef) and any(isinstance(b, ast.Name) and b.id == "RecordType" for b in node.bases):
                yield (ast.get_docstring(node) or "").split("\n")[0].rstrip(".")


def stored(language: str) -> Catalog:
    """The texts of a language as they are kept."""
    path = path_of(language)
    data = path.read_bytes() if path.exists() else b""
    return read_po(BytesIO(data), locale=language)


def key_of(message: Message) -> Key:
    """What tells one text from another: its context, and its English (singular) words."""
    return message.context, message.id if isinstance(message.id, str) else message.id[0]


def is_translated(message: Message) -> bool:
    """Whether every form of the text is there."""
    forms = [message.string] if isinstance(message.string, str) else list(message.string)
    return all(forms) and not message.fuzzy


def update(language: str) -> Catalog:
    """Bring a file up to the sources: new texts come empty, those gone are dropped."""
    before = {key_of(m): m for m in stored(language) if m.id}
    catalog = Catalog(
        locale=language, project="Rapport", charset="utf-8", fuzzy=False, creation_date=_NEVER, revision_date=_NEVER,
        header_comment="# Made by `python -m tests.languages`; translations are written by hand.",
    )  # fmt: skip
    for message in extracted():
        if not message.id:
            continue
        old = before.get(key_of(message))
        fits = old is not None and type(old.id) is type(message.id)
        catalog.add(
            message.id, old.string if old and fits else None, context=message.context, auto_comments=message.auto_comments
        )
    path = path_of(language)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        write_po(file, catalog, sort_output=True, no_location=True, width=120, omit_header=False)
    return catalog


def fill(language: str, given: dict[str, str | list[str]]) -> int:
    """Take translations into the file; returns how many."""
    catalog, done = stored(language), 0
    for message in catalog:
        if message.id and key_of(message)[1] in given:
            text = given[key_of(message)[1]]
            message.string = tuple(text) if isinstance(text, list) else text
            done += 1
    with path_of(language).open("wb") as file:
        write_po(file, catalog, sort_output=True, no_location=True, width=120)
    return done


def missing(language: str) -> list[str | list[str]]:
    """The texts without a translation."""
    return [m.id if isinstance(m.id, str) else list(m.id) for m in stored(language) if m.id and not is_translated(m)]


def main(words: list[str]) -> None:
    """Run the command."""
    if words[:1] == ["missing"]:
        print(json.dumps(missing(words[1]), ensure_ascii=False, indent=0))
    elif words[:1] == ["fill"]:
        print(fill(words[1], json.loads(Path(words[2]).read_text(encoding="utf-8"))), "taken")
    else:
        for language in LANGUAGES:
            catalog = update(language)
            print(f"{language}: {len(catalog)} texts, {len(missing(language))} missing")


if __name__ == "__main__":
    main(sys.argv[1:])
