"""What a form posted, read field by field through the kinds: values, errors beside fields, and what was typed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.http import HttpRequest
from django.utils.translation import gettext as _

from rapport.kernel.errors import Invalid
from rapport.kernel.format import capital
from rapport.kernel.records.field import Field

if TYPE_CHECKING:
    from rapport.kernel.context import Context

#: The hidden input that names the fields a form shows, so that an emptied one is told from an absent one.
SHOWN = "fields_shown"


@dataclass
class Posted:
    """A read form. `typed` holds, for refused fields, exactly what the person wrote."""

    values: dict[str, object] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    typed: dict[str, str] = field(default_factory=dict)

    @property
    def held(self) -> dict[str, object]:
        """What the controls show when the form comes back: values, and typed text where there is none."""
        return {**self.values, **self.typed}

    def take(self, wrong: Invalid) -> str:
        """Note the errors of a refused write; returns the sentence that belongs to no field."""
        self.errors.update({key: str(sentence) for key, sentence in wrong.errors.items()})
        return "" if wrong.errors else wrong.sentence


def lists_of(request: HttpRequest) -> dict[str, list[str]]:
    """The posted strings by name."""
    return {key: [str(one) for one in values] for key, values in request.POST.lists()}


def read_posted(
    ctx: Context, post: Mapping[str, Sequence[str]], fields: Iterable[Field], *, prefix: str = "",
    needed: bool = False,
) -> Posted:  # fmt: skip
    """Read the fields that the form showed or that were posted; `needed` also asks for the required ones."""
    shown = set(",".join(post.get(SHOWN, ())).split(","))
    found = Posted()
    for one in fields:
        name = prefix + one.key
        if one.key not in shown and not is_posted(post, name):
            continue
        try:
            value = one.kind.from_post(post, name, ctx.cleaning())
        except Invalid as wrong:
            found.errors[one.key] = wrong.sentence
            found.typed[one.key] = typed_text(post, name)
            continue
        found.values[one.key] = value
        if needed and one.required and one.kind.blank(value):
            label = str(one.label)
            found.errors[one.key] = _("%(label)s is needed.") % {"label": capital(label)}
    return found


def whole_number(text: str) -> int | None:
    """The number that plain digits say, None for anything else: "²" is a digit to Python but no number, and thousands
    of digits are an error."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else None


def is_posted(post: Mapping[str, Sequence[str]], name: str) -> bool:
    """Whether any input of the control called `name` was posted."""
    return name in post or any(key.startswith(f"{name}__") for key in post)


def typed_text(post: Mapping[str, Sequence[str]], name: str) -> str:
    """What a person typed into a control: its text, or its parts in their order as the kind would write them."""
    if f"{name}__text" in post:
        return post[f"{name}__text"][-1]
    if any(post.get(name, ())):
        return "\n".join(part for part in post[name] if part)
    parts = [values[-1] for key, values in post.items() if key.startswith(f"{name}__") and values]
    return " | ".join(parts)
