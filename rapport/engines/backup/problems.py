"""What a backup can fail of."""

from __future__ import annotations


class BackupProblem(Exception):
    """A backup cannot be made, believed or put back; the message is one sentence for the person at the terminal.

    `code` names the problems that pages say in their own words: "disk", "busy"."""

    def __init__(self, sentence: str, *, code: str = "") -> None:
        super().__init__(sentence)
        self.code = code
