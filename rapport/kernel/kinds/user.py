"""A reference to a user."""

from __future__ import annotations

from typing import ClassVar

from django.utils.translation import gettext_lazy

from rapport.kernel.kinds.base import kind
from rapport.kernel.kinds.reference import ReferenceKind


@kind
class UserKind(ReferenceKind):
    """A user of the workspace, shown with a round mark."""

    key = "user"
    label = gettext_lazy("User")
    stores = ()
    option_names = ()
    icon = "user"
    shape: ClassVar[str | None] = "person"
    to = "user"
    noun = gettext_lazy("user")
