"""What people do with the definition of an own field, besides writing it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from rapport.engines.words.kind_change.asking import ask
from rapport.engines.words.records import CustomFieldType
from rapport.kernel.actions.registry import Input, action
from rapport.kernel.custom.models import CustomField
from rapport.kernel.custom.models import kinds as kinds_of_fields
from rapport.kernel.kinds.choice import ChoiceKind
from rapport.kernel.kinds.number import NumberKind
from rapport.kernel.kinds.yesno import YesNoKind

if TYPE_CHECKING:
    from rapport.kernel.context import Context


@action(CustomFieldType, _("Change the kind"), icon="repeat", bulk=False)
def change_kind(
    ctx: Context, field: CustomField, *,
    to: str = Input(ChoiceKind, _("new kind"), options={"choices": kinds_of_fields()}),
    decimals: int | None = Input(NumberKind, _("decimals"), required=False, options={"minimum": 0, "maximum": 9}),
    keep_rest: bool = Input(YesNoKind, _("keep what does not fit in a field of its own"), required=False),
) -> None:  # fmt: skip
    """Make the field another kind by a job; refused when values do not fit, unless those are kept beside it."""
    ask(ctx, field, to, decimals=decimals, goes_on=True, keeps_rest=bool(keep_rest))
