"""A reference to a team."""

from __future__ import annotations

from typing import ClassVar

from django.utils.translation import gettext_lazy

from rapport.kernel.kinds.base import kind
from rapport.kernel.kinds.reference import ReferenceKind


@kind
class TeamKind(ReferenceKind):
    """A team of the workspace, shown with a round mark, as it stands for people."""

    key = "team"
    label = gettext_lazy("Team")
    stores = ()
    option_names = ()
    icon = "users"
    shape: ClassVar[str | None] = "person"
    to = "team"
    noun = gettext_lazy("team")
