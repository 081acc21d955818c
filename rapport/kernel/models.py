"""Collects the kernel's tables for Django; each is defined beside the code that owns it."""

from __future__ import annotations

from rapport.kernel.access.models import Account, ApiToken, Role, SetupLink, Team, User, Workspace
from rapport.kernel.access.sharing_models import AccessDefault, Grant, SharingRule
from rapport.kernel.changes.models import Change, ReaderCursor
from rapport.kernel.custom.models import CustomField, UniqueValue
from rapport.kernel.exchange import ExchangeRate
from rapport.kernel.files.models import FileUpload
from rapport.kernel.jobs.models import Job, Schedule
from rapport.kernel.query.models import IndexedValue, SearchEntry

__all__ = [
    "AccessDefault", "Account", "ApiToken", "Change", "CustomField", "ExchangeRate", "FileUpload", "Grant", "IndexedValue",
    "Job", "ReaderCursor", "Role", "Schedule", "SearchEntry", "SetupLink", "SharingRule", "Team",
    "UniqueValue", "User", "Workspace",
]  # fmt: skip
