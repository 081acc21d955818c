"""The text form of filters: `parse` reads it, `show` prints it, and `parse(show(tree))` is the tree again.

    stage.outcome is open and (amount > 1000 or name contains "hotel") and not tags has vip
    owner is me and close_on < today+7d and city is empty and industry is any of (health, retail)
    has deals (amount > 5) and no activities

`not` binds tighter than `and`, `and` tighter than `or`. Words of the grammar may be written in any case.
`all (...)` and `any (...)` write a group of one condition or none, as a filter builder leaves them behind.
A syntax error is one sentence that says where, and what was expected. Work is linear in the length of the text.
"""

from __future__ import annotations

import re
from typing import NoReturn

from django.utils.translation import gettext as _

from rapport.kernel.query.tokens import Reader, unquoted
from rapport.kernel.query.tree import RESERVED, All, Any_, Has, Node, Not, Scalar, Test, Value, check_limits, refuse
from rapport.kernel.query.words import NUMBER, RELATIVE, SPELLINGS, SYMBOLS, TEXT_OF_OP, bare_value, show_value

MAX_LENGTH = 5_000
_PATH = re.compile(r"[a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)*")
_THOUSANDS = re.compile(r"[0-9]{3}(?:\.[0-9]+)?")
_FOREIGN_QUOTES = "'‘’‚“”„«»`"


def parse(text: str, *, max_length: int = MAX_LENGTH) -> Node:
    """Read the text form of a filter; empty text matches everything. Raises `Invalid` with one sentence."""
    if len(text) > max_length:
        refuse(_("A filter may have %(count)d characters at most.") % {"count": max_length}, "filter.limit")
    node = _Parser(text).whole()
    check_limits(node)
    return node


class _Parser(Reader):
    """Recursive descent over the tokens of one text; nesting is bounded, so the recursion is."""

    def whole(self) -> Node:
        if self.token.kind == "end":
            return All(())
        node = self.either()
        if self.token.kind != "end":
            self._refuse_rest()
        return node

    def _refuse_rest(self) -> NoReturn:
        last = self.tokens[self.index - 1]
        after = self.tokens[min(self.index + 1, len(self.tokens) - 1)]
        if self.token.text == "," and NUMBER.fullmatch(last.text) and NUMBER.fullmatch(after.text):
            self.refuse_separator(self.token)
        if self.token.kind in ("word", "text") and last.kind == "word":
            self.expected(_("'and', 'or' or the end (text of several words needs quotes)"))
        self.expected(_("'and', 'or' or the end"))

    def either(self) -> Node:
        items = [self.both()]
        while self.token.word == "or":
            self.begin()
            self.take()
            items.append(self.both())
        return items[0] if len(items) == 1 else Any_(tuple(items))

    def both(self) -> Node:
        items = [self.negated()]
        while self.token.word == "and":
            self.begin()
            self.take()
            items.append(self.negated())
        return items[0] if len(items) == 1 else All(tuple(items))

    def negated(self) -> Node:
        if self.token.word != "not":
            return self.condition()
        self.begin()
        self.take()
        self.deeper()
        item = self.negated()
        self.nesting -= 1
        return Not(item)

    def condition(self) -> Node:
        if self.token.kind == "mark" and self.token.text == "(":
            self.begin()
            return self.bracketed()
        if self.token.kind != "word" or self.token.word in ("and", "or"):
            self.expected(_("a condition"))
        self.begin()
        if self.take_words("has"):
            return self.related()
        if self.take_words("no"):
            return Not(self.related())
        for word, group in (("all", All), ("any", Any_)):
            if self.token.word == word and self.tokens[self.index + 1].text == "(":
                self.take()
                return group(() if self.take_empty() else (self.bracketed(),))
        return self.test()

    def bracketed(self) -> Node:
        """A condition in brackets."""
        self.take_mark("(")
        self.deeper()
        item = self.either()
        if not self.take_mark(")"):
            self.expected(_("'and', 'or' or a closing bracket"))
        self.nesting -= 1
        return item

    def related(self) -> Node:
        path = self.path(_("the name of a relation"))
        bracket = self.token.kind == "mark" and self.token.text == "("
        return Has(path, self.bracketed() if bracket else None)

    # -- one test -----------------------------------------------------------------------------------------------

    def path(self, what: str) -> tuple[str, ...]:
        """A dotted name. A capital letter is forgiven, since telephones write one at the start."""
        name = self.token.word
        if not _PATH.fullmatch(name) or not RESERVED.isdisjoint(name.split(".")):
            self.expected(what)
        self.take()
        return tuple(name.split("."))

    def test(self) -> Node:
        path = self.path(_("the name of a field"))
        op = self.operator()
        value: Value = None
        if op in ("in", "not_in", "has_any"):
            value = self.values()
        elif op == "between":
            low = self.value()
            if not self.take_words("and"):
                self.expected("'and'")
            value = (low, self.value())
        elif op not in ("empty", "not_empty"):
            value = self.value()
        return Test(path, op, value)

    def operator(self) -> str:
        if self.token.kind == "symbol":
            return SYMBOLS[self.take().text]
        for words, op in SPELLINGS:
            if self.take_words(*words):
                return op
        self.expected(_("an operator such as is, contains or >"))

    def values(self) -> tuple[Scalar, ...]:
        if not self.take_mark("("):
            self.expected(_("a list in brackets"))
        if self.take_mark(")"):
            return ()
        values = [self.value()]
        while self.take_mark(","):
            self._refuse_thousands()
            values.append(self.value())
        if not self.take_mark(")"):
            self.expected(_("a comma or a closing bracket"))
        return tuple(values)

    def _refuse_thousands(self) -> None:
        # (1,000) must not silently become the two values 1 and 000.
        before, comma, after = self.tokens[self.index - 2 : self.index + 1]
        together = before.end == comma.start and comma.end == after.start
        if together and NUMBER.fullmatch(before.text) and _THOUSANDS.fullmatch(after.text):
            self.refuse_separator(comma)

    def value(self) -> Scalar:
        token = self.token
        if token.kind == "text":
            self.take()
            return unquoted(token)
        if token.kind != "word" or token.word in ("and", "or", "not"):
            self.expected(_("a value"))
        if token.text[0] in _FOREIGN_QUOTES:
            self.expected(_('a value in straight double quotes ("like this")'))
        if token.word.startswith(("today+", "today-", "now+", "now-")) and not RELATIVE.fullmatch(token.word):
            self.expected(_("a relative time like today+7d or now-2h"))
        self.take()
        return bare_value(token.text)


# -- printing -------------------------------------------------------------------------------------------------------


def show(node: Node) -> str:
    """Print a tree as text that `parse` reads back to the same tree; a filter that matches everything is ""."""
    return "" if node == All(()) else _show(node)


def _show(node: Node) -> str:
    if isinstance(node, (All, Any_)):
        if len(node.items) < 2:
            word = "all" if isinstance(node, All) else "any"
            return f"{word} ({_show(node.items[0]) if node.items else ''})"
        return (" and " if isinstance(node, All) else " or ").join(_item(item) for item in node.items)
    if isinstance(node, Not):
        if isinstance(node.item, Has):
            return f"no {_show(node.item).removeprefix('has ')}"
        return f"not {_item(node.item)}"
    if isinstance(node, Has):
        where = "" if node.where is None else f" ({_show(node.where)})"
        return f"has {'.'.join(node.path)}{where}"
    return _show_test(node)


def _item(node: Node) -> str:
    # Brackets also where precedence would do without: "(a and b) or c" needs no second look.
    grouped = isinstance(node, (All, Any_)) and len(node.items) > 1
    return f"({_show(node)})" if grouped else _show(node)


def _show_test(test: Test) -> str:
    start = f"{'.'.join(test.path)} {TEXT_OF_OP.get(test.op, test.op)}"
    if isinstance(test.value, tuple):
        values = [show_value(value) for value in test.value]
        return f"{start} {' and '.join(values)}" if test.op == "between" else f"{start} ({', '.join(values)})"
    return start if test.value is None else f"{start} {show_value(test.value)}"
