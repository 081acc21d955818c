"""Field kinds: one file per kind. Importing this package fills the registry and gives the model storage fields."""

from __future__ import annotations

import importlib
import pkgutil

from rapport.kernel.kinds.address import AddressField
from rapport.kernel.kinds.anyref import AnyRefField
from rapport.kernel.kinds.email import EmailsField
from rapport.kernel.kinds.file import FileField
from rapport.kernel.kinds.money import MoneyField
from rapport.kernel.kinds.multichoice import MultiChoiceField
from rapport.kernel.kinds.number import ScaledField
from rapport.kernel.kinds.percent import PercentField
from rapport.kernel.kinds.phone import PhoneField
from rapport.kernel.kinds.rights import RightsField
from rapport.kernel.kinds.tags import TagsField
from rapport.kernel.kinds.text import LanguageField
from rapport.kernel.kinds.web import WebField

__all__ = [
    "AddressField",
    "AnyRefField",
    "EmailsField",
    "FileField",
    "LanguageField",
    "MoneyField",
    "MultiChoiceField",
    "PercentField",
    "PhoneField", "RightsField",
    "ScaledField",
    "TagsField",
    "WebField",
]

# A new kind is one new file: every module here is imported, and its @kind registers it.
for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")
