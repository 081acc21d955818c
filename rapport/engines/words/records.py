"""What the definitions of own fields and own record types mean: records like any other, made in the settings or by program."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from rapport.engines.words.definition import check_custom_field
from rapport.engines.words.layouts import check_page_layout
from rapport.engines.words.models import CustomType, PageLayout, Wording
from rapport.engines.words.opening import check_custom_type, check_wording, open_to_roles
from rapport.engines.words.preparing import prepare
from rapport.kernel.custom.models import CustomField
from rapport.kernel.records.declare import RecordType, Section, Use
from rapport.kernel.records.registry import record_type
from rapport.kernel.records_own import raise_schema_version


@record_type
class CustomFieldType(RecordType):
    """A field the company added itself."""

    model, key, title = CustomField, "custom_field", "label"
    uses = {
        "owner": Use(hidden=True), "team": Use(hidden=True), "external_id": Use(hidden=True), "is_indexed": Use(readonly=True),
        "is_purged": Use(hidden=True), "slot": Use(hidden=True),
    }  # fmt: skip
    list_columns = ["label", "on_type", "kind", "key", "is_required", "position"]
    page = [
        Section(_("Custom field"), "label", "on_type", "kind", "key", "choices", "to_type", "decimals", "minimum", "maximum"),
        Section(_("In forms"), "help_text", "default_text", "is_required", "is_unique", "show_when", "require_when", "position"),
        Section(_("In lists"), "is_fast", "in_search", "field_group"),
        Section(_("Calculated"), "formula", "roll_up", "of_type", "of_field", "take", "matching", "for_everybody"),
    ]
    grants = {"management": "*:all"}
    menu = ("settings", "text-cursor-input")
    checks = (check_custom_field,)
    effects = (prepare, raise_schema_version)


@record_type
class CustomTypeType(RecordType):
    """A record type the company added itself."""

    model, key, title = CustomType, "custom_type", "name"
    uses = {
        "owner": Use(hidden=True), "team": Use(hidden=True), "external_id": Use(hidden=True), "key": Use(fixed=True),
        "open_to": Use(fixed=True),
    }  # fmt: skip
    list_columns = ["name", "plural", "key", "department", "about"]
    page = [
        Section(_("Record type"), "name", "plural", "about", "department", "icon", "key"),
        Section(_("Records"), "title_label", "columns", "open_to"),
    ]
    grants = {"management": "*:all"}
    menu = ("settings", "package")
    checks = (check_custom_type,)
    effects = (raise_schema_version, open_to_roles)


@record_type
class WordingType(RecordType):
    """What the company calls a record type or a field, in each language."""

    model, key, title = Wording, "wording", "name"
    uses = {"owner": Use(hidden=True), "team": Use(hidden=True), "external_id": Use(hidden=True)}
    list_columns = ["name", "several", "on_type", "on_field", "language"]
    page = [Section(_("Wording"), "name", "several", "on_type", "on_field", "language")]
    grants = {"management": "*:all"}
    menu = ("settings", "book-open")
    checks = (check_wording,)
    effects = (raise_schema_version,)


@record_type
class PageLayoutType(RecordType):
    """Which fields stand where on forms, record pages and lists, for each role."""

    model, key, title = PageLayout, "page_layout", "name"
    uses = {
        "owner": Use(hidden=True), "team": Use(hidden=True), "external_id": Use(hidden=True),
        "on_type": Use(fixed=True), "role": Use(fixed=True),
    }  # fmt: skip
    list_columns = ["name", "on_type", "role", "updated_at"]
    page = [Section(_("Page layout"), "name", "on_type", "role", "shown", "left_out", "columns")]
    grants = {"management": "*:all"}
    menu = ("settings", "layout-grid")
    checks = (check_page_layout,)
    effects = (raise_schema_version,)
