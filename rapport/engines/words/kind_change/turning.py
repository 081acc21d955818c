"""What a value becomes when its field becomes another kind, and which values do not fit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.utils.translation import override

from rapport.engines.words.models import KindChange
from rapport.kernel.custom.fields import Choice, kind_for, write_choices
from rapport.kernel.custom.models import CustomField
from rapport.kernel.errors import Invalid
from rapport.kernel.kinds.base import Kind, all_kinds
from rapport.kernel.kinds.normal import one_line
from rapport.kernel.kinds.older import in_words, reads
from rapport.kernel.text_folding import fold

if TYPE_CHECKING:
    from rapport.kernel.context import Context

#: Choices that are made of values; a field with more different ones is no choice.
MOST_CHOICES = 200
_LONGEST_CHOICE = 200


def definition(row: CustomField, values: Mapping[str, object]) -> CustomField:
    """The definition with some properties as they were or will be; not saved."""
    names = [f.attname for f in CustomField._meta.concrete_fields]
    return CustomField(**{**{name: getattr(row, name) for name in names}, **values})


def makes_choices(before: str, after: str) -> bool:
    """Whether choices are made of the values in use: the kind had none, and has some then."""
    kinds = all_kinds()
    return "choices" in kinds[after].option_names and "choices" not in kinds[before].option_names


class Turner:
    """Turns values of one kind into another, as the workspace reads and writes them."""

    def __init__(self, ctx: Context, row: CustomField, change: KindChange) -> None:
        self.ctx, self.row, self.change = ctx, row, change
        self.old: Kind = kind_for(definition(row, change.before))
        self.learns = change.undoes is None and makes_choices(str(change.before["kind"]), str(change.after["kind"]))
        #: Where the values to be turned stand.
        self.slots = [str(change.before["slot"])]
        self.folded = {fold(label) for label in change.found}
        self.new: Kind = self._kind()

    def _kind(self) -> Kind:
        if self.learns:
            self.change.after["choices"] = choices_of(self.change.found)
        return kind_for(definition(self.row, self.change.after))

    def turn_record(self, custom: Mapping[str, object]) -> tuple[object, bool]:
        """The new value of a record in JSON, from its custom values, and whether the old one fits."""
        return self.turn(custom.get(self.slots[0]))

    def turn(self, raw: object) -> tuple[object, bool]:
        """The new value in JSON and whether it fits; nothing becomes nothing."""
        if raw is None:
            return None, True
        with override(self.ctx.format.language):
            try:
                if not reads(self.old, raw):
                    return None, False
                value = self.old.load(self.old.from_json(raw))
                if self.old.blank(value):
                    return None, True
                if self.learns:
                    self._learn(value)
                made = self.old.turned(value, self.new, self.ctx.cleaning())
            except Invalid:
                return None, False
        # What is nothing to the new kind (a text of blanks) would be lost.
        return (None, False) if self.new.blank(made) else (self.new.to_json(made), True)

    def words(self, raw: object) -> str:
        """The old value as text, for the field that keeps what does not fit."""
        if not reads(self.old, raw):
            return in_words(raw) or ""
        with override(self.ctx.format.language):
            return self.old.text(self.old.load(self.old.from_json(raw)), self.ctx.format)

    def _learn(self, value: object) -> None:
        """Make a choice of a value that is none yet."""
        text = self.old.text(value, self.ctx.format)
        parts = text.replace("\n", ";").split(";") if self.new.many else [text]
        wanted = [one_line(part, _LONGEST_CHOICE) for part in parts]
        new = {fold(one): one for one in wanted if one and fold(one) not in self.folded}
        if not new:
            return
        if any(one.startswith("~ ") or " => " in one for one in new.values()):
            raise Invalid(_("A choice cannot be written like this."), code="bad_choice")
        if len(self.change.found) + len(new) > MOST_CHOICES:
            raise Invalid(_("There are too many different values for a choice."), code="too_many_choices")
        self.change.found = [*self.change.found, *new.values()]
        self.folded |= set(new)
        self.new = self._kind()


def choices_of(labels: list[str]) -> str:
    """Choices made of values, in the order of the alphabet."""
    return write_choices(Choice(label, label) for label in sorted(labels, key=fold))


class BackTurner(Turner):
    """Turns a field back: what nobody has changed since is what it was, the rest is turned as any value is."""

    def __init__(self, ctx: Context, row: CustomField, change: KindChange, undone: KindChange) -> None:
        super().__init__(ctx, row, change)
        self.forth = Turner(ctx, row, undone)
        self.forth.learns = False
        self.slots = [str(change.before["slot"]), str(undone.before["slot"])]
        self.archive, self.now = str(undone.before["slot"]), str(change.before["slot"])

    def turn_record(self, custom: Mapping[str, object]) -> tuple[object, bool]:
        """The value of a record as it shall be again."""
        was, now = custom.get(self.archive), custom.get(self.now)
        if was is not None and self.forth.turn(was)[0] == now:
            return was, True
        return self.turn(now)
