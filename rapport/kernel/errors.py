"""The few typed errors of Rapport. Each carries a sentence for people; surfaces only translate them."""

from __future__ import annotations

from collections.abc import Mapping


class RapportError(Exception):
    """Base of all expected errors: `sentence` says what is wrong and how to mend it, `code` is stable for programs."""

    default_code = "error"

    def __init__(
        self,
        sentence: object = "",
        *,
        code: str = "",
        field: str | None = None,
        errors: Mapping[str, object] | None = None,
    ) -> None:
        """`sentence` may be a lazy translation; `errors` maps field keys to one sentence each."""
        super().__init__(sentence)
        self._sentence = sentence
        self.code = code or self.default_code
        self.field = field
        self.errors: dict[str, object] = dict(errors or {})
        if field and field not in self.errors:
            self.errors[field] = sentence

    @property
    def sentence(self) -> str:
        """The sentence for people, in the language of the moment."""
        return str(self._sentence)

    def __str__(self) -> str:
        return self.sentence


class Invalid(RapportError):
    """What was given cannot be taken as it is. Surfaces answer 400 or 422 and keep what was typed."""

    default_code = "invalid"


class Refused(RapportError):
    """The viewer may see this but not do that. Surfaces answer 403."""

    default_code = "refused"


class Gone(RapportError):
    """There is no such thing for this viewer; a stranger's record and no record look alike. Surfaces answer 404."""

    default_code = "not_found"


class Conflict(RapportError):
    """Somebody else changed the same field meanwhile. Surfaces answer 409 with both values.

    `fields` maps each contested field key to `{"theirs": value, "yours": value, "before": value}`.
    """

    default_code = "conflict"

    def __init__(self, sentence: object = "", *, fields: Mapping[str, dict[str, object]] | None = None) -> None:
        """`fields` holds only fields that the viewer may see."""
        super().__init__(sentence)
        self.fields = dict(fields or {})


class Busy(RapportError):
    """The database could not do it now: held by another program, full, or away. Nothing was changed. Surfaces answer 503."""

    default_code = "busy"


class NoWorkspace(RapportError):
    """Code touched records outside any workspace. Always a bug; nothing is read or written."""

    default_code = "no_workspace"
