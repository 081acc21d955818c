"""The words, quoted texts and brackets of the text form of filters, and a reader that steps over them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NoReturn

from django.utils.translation import gettext as _

from rapport.kernel.query.tree import MAX_DEPTH, refuse

# A legal tree never needs more open brackets than levels; twice that leaves room for needless ones.
_MAX_NESTING = 2 * MAX_DEPTH

_TOKEN = re.compile(
    r"\s*(?:"
    r'(?P<text>"(?:[^"\\]|\\.)*")|(?P<symbol><=|>=|!=|=|<|>)|(?P<mark>[(),])|(?P<word>[^\s(),"=<>!]+)'
    r")",
    re.DOTALL,
)


@dataclass(frozen=True)
class Token:
    """One word, quoted text, symbol or bracket, and where it stands; `kind` "end" closes the list."""

    kind: str
    text: str
    start: int
    end: int

    @property
    def word(self) -> str:
        """The word in lower case; nothing for what is not a word."""
        return self.text.lower() if self.kind == "word" else ""


def _tokens(source: str) -> list[Token]:
    tokens: list[Token] = []
    position, length = 0, len(source.rstrip())
    while position < length:
        match = _TOKEN.match(source, position)
        if match is None or match.lastgroup is None:
            _refuse_character(source, length - len(source[position:].strip()))
        kind = match.lastgroup
        tokens.append(Token(kind, match[kind], match.start(kind), match.end()))
        position = match.end()
    tokens.append(Token("end", "", length, length))
    return tokens


def _refuse_character(source: str, at: int) -> NoReturn:
    where = {"position": at + 1, "found": source[at]}
    if source[at] == '"':
        _syntax(_("The quoted text that begins at character %(position)d has no closing quote.") % where)
    _syntax(_("'%(found)s' cannot stand alone, at character %(position)d.") % where)


def _syntax(sentence: str) -> NoReturn:
    refuse(sentence, "filter.syntax")


class Reader:
    """Steps over the tokens of one text, and words every complaint about the next one."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.tokens = _tokens(source)
        self.index = 0
        self.mark = 0  # where the condition being read begins: what a complaint quotes
        self.nesting = 0

    @property
    def token(self) -> Token:
        """The next token."""
        return self.tokens[self.index]

    def take(self) -> Token:
        """Step over the next token."""
        token = self.token
        self.index += 1
        return token

    def take_mark(self, mark: str) -> bool:
        """Step over a bracket or comma if it is next."""
        found = self.token.kind == "mark" and self.token.text == mark
        self.index += found
        return found

    def take_words(self, *words: str) -> bool:
        """Step over these words if they are next."""
        ahead = self.tokens[self.index : self.index + len(words)]
        found = tuple(token.word for token in ahead) == words
        self.index += len(words) * found
        return found

    def begin(self) -> None:
        """From here on, complaints quote the text from the next token."""
        self.mark = self.token.start

    def expected(self, what: str) -> NoReturn:
        """Complain about the next token."""
        parts = {"what": what, "found": self.token.text[:40], "position": self.token.start + 1}
        if self.index == 0:
            if self.token.kind == "end":
                _syntax(_("At the start %(what)s is expected, at character %(position)d.") % parts)
            _syntax(_("At the start %(what)s is expected, not '%(found)s', at character %(position)d.") % parts)
        last = self.tokens[self.index - 1]
        before = self.source[self.mark if self.mark < last.end else last.start : last.end]
        parts["before"] = before if len(before) <= 60 else "…" + before[-60:]
        if self.token.kind == "end":
            _syntax(_("After '%(before)s' %(what)s is expected, at character %(position)d.") % parts)
        _syntax(_("After '%(before)s' %(what)s is expected, not '%(found)s', at character %(position)d.") % parts)

    def deeper(self) -> None:
        """Count one more open bracket or `not`."""
        self.nesting += 1
        if self.nesting > _MAX_NESTING:
            position = self.tokens[self.index - 1].start + 1
            text = _("Brackets and 'not' are nested deeper than %(count)d levels, at character %(position)d.")
            refuse(text % {"count": _MAX_NESTING, "position": position}, "filter.limit")

    def take_empty(self) -> bool:
        """Step over empty brackets if they are next."""
        found = [token.text for token in self.tokens[self.index : self.index + 2]] == ["(", ")"]
        self.index += 2 * found
        return found

    def refuse_separator(self, comma: Token) -> NoReturn:
        """Complain about a number like 1,000, which could be read as two."""
        text = _(
            "Numbers are written without separators, like 1000 or 12.50, and a comma in a list needs a space"
            " behind it, at character %(position)d."
        )
        _syntax(text % {"position": comma.start + 1})


def unquoted(token: Token) -> str:
    """The text between the quotes. Only quote and backslash are escaped: "C:\\new" must not lose a character."""
    inner = token.text[1:-1]
    wrong = re.search(r'(?<!\\)(?:\\\\)*(\\[^"\\])', inner)
    if wrong is not None:
        where = {"position": token.start + 2 + wrong.start(1)}
        _syntax(_("In quotes a backslash is written twice, at character %(position)d.") % where)
    return re.sub(r'\\(["\\])', r"\1", inner)
