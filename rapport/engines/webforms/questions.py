"""The questions of a form: which fields may be asked, how a line says it, and how an answer is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from rapport.engines.webforms.registry import FILES, receiver
from rapport.kernel.errors import Invalid
from rapport.kernel.format import capital
from rapport.kernel.records.field import Field
from rapport.kernel.records.registry import registry

if TYPE_CHECKING:
    from rapport.kernel.context import Context

MOST = 20
#: Kinds that can be asked without a script, and how the browser asks for them.
INPUTS = {
    "text": "text", "longtext": "area", "email": "email", "one_email": "email", "phone": "tel", "web": "url", "number": "number",
    "date": "date", "choice": "select", "yesno": "tick",
}  # fmt: skip
#: Fields that are ours to fill, not a visitor's.
_OURS = ("owner", "team", "external_id", "source", "raw", "worth", "state", "tags")


@dataclass(frozen=True)
class Question:
    """One question as visitors see it."""

    key: str
    label: str
    input: str
    is_required: bool = False
    choices: tuple[tuple[str, str], ...] = ()

    def stored(self) -> dict[str, object]:
        """As it lies in the copy for visitors."""
        return asdict(self)


def askable(ctx: Context, makes: str = "") -> dict[str, Field]:
    """The fields a form may ask for: of an open field group, typed by people, and not left to an action."""
    return {
        key: one
        for key, one in receiver(makes).fields_for(ctx).items()
        if one.kind.key in INPUTS and one.settable(creating=True) and not one.by_action and not one.see and key not in _OURS
    }


def read_questions(ctx: Context, text: str, makes: str = "") -> list[Question]:
    """The questions of a form; raises Invalid with the line that is wrong."""
    fields, found, taker = askable(ctx, makes), {}, receiver(makes)
    for line in filter(None, (one.strip() for one in text.splitlines())):
        head, _colon, label = line.partition(":")
        key = head.strip().rstrip("*").strip()
        field = fields.get(key)
        if key == FILES and taker.takes_files:
            found[key] = Question(key, label.strip()[:80] or _("Files"), "files")
            continue
        if field is None:
            able = ", ".join([*fields, *([FILES] if taker.takes_files else [])])
            raise Invalid(
                _("“%(key)s” cannot be asked for. Possible are: %(able)s.") % {"key": key[:40], "able": able}, field="asks"
            )
        pairs = getattr(getattr(field.kind, "choices", None), "pairs", {}) if field.kind.key == "choice" else {}
        required = head.strip().endswith("*") or (field.required and key not in taker.optional)
        found[key] = Question(
            key, label.strip()[:80] or capital(field.label), INPUTS[field.kind.key], required,
            tuple((str(value), str(words)) for value, words in pairs.items()),
        )  # fmt: skip
    title = taker.needs or registry.get(taker.type).declared.title
    if title not in found:
        if taker.needs:
            raise Invalid(_("Ask for what it is about too: add a line “%(key)s*”.") % {"key": title}, field="asks")
        raise Invalid(_("Ask for the name too: add a line “%(key)s*”.") % {"key": title}, field="asks")
    if len(found) > MOST:
        raise Invalid(_("Ask at most %(most)d questions.") % {"most": MOST}, field="asks")
    return list(found.values())


def read_answers(ctx: Context, questions: list[Question], given: Mapping[str, str], makes: str = "") -> dict[str, object]:
    """Cleaned values by field key; raises Invalid with a sentence per question. Only what is asked is looked at."""
    fields, cleaning = askable(ctx, makes), ctx.cleaning()
    values: dict[str, object] = {}
    errors: dict[str, object] = {}
    for one in questions:
        field = fields.get(one.key)
        if field is None:
            continue
        text = given.get(one.key, "").replace("\0", "").strip()[:10_000]
        try:
            value = field.kind.parse(text, cleaning) if text else None
        except Invalid as wrong:
            errors[one.key] = wrong.sentence
            continue
        if one.is_required and field.kind.blank(value):
            errors[one.key] = _("This is needed.")
        elif not field.kind.blank(value):
            values[one.key] = value
    if errors:
        raise Invalid(_("Look at the questions marked below; what you typed is kept."), errors=errors)
    return values
