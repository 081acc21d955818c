"""What a backup can fail of."""

from __future__ import annotations


class BackupProblem(Exception):
    """A backup cannot be made, believed or put back; the message is one sentence for the person at the terminal."""
