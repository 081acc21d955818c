"""What became of a portion of a batch."""

from __future__ import annotations

from dataclasses import dataclass, field

from rapport.kernel.errors import Gone, RapportError, Refused


@dataclass
class Tally:
    """Rows done, rows that were not this person's to change, and the sentences about them."""

    done: int = 0
    refused: int = 0
    problems: list[str] = field(default_factory=list)

    def leave_out(self, wrong: RapportError) -> None:
        """Note why a row was left as it was."""
        self.refused += isinstance(wrong, (Refused, Gone))
        if wrong.sentence not in self.problems:
            self.problems.append(wrong.sentence)
