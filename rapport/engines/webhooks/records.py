"""What a webhook means: who may make one, what makes it right, and from when it counts."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from rapport.engines.webhooks.models import Webhook, WebhookState
from rapport.kernel.access import gate
from rapport.kernel.access.models import Workspace
from rapport.kernel.errors import Invalid
from rapport.kernel.query.compile import compile_filter
from rapport.kernel.query.text import parse
from rapport.kernel.records.declare import RecordType, Section, Use
from rapport.kernel.records.registry import record_type, registry

if TYPE_CHECKING:
    from rapport.kernel.changes.written import Written
    from rapport.kernel.context import Context
    from rapport.kernel.records.model import Record

_MEANING = ("url", "on_type", "verbs", "matching", "is_active")
_LOCAL = ("localhost", "127.0.0.1", "::1")


def check_webhook(ctx: Context, record: Record | None, values: dict[str, object]) -> None:
    """An endpoint sees what whoever says where it leads sees, from then on: nobody can turn another's messages round."""
    if record is not None and not set(values) & {*_MEANING}:
        return

    def wanted(key: str) -> object:
        fallback = Webhook._meta.get_field(key).get_default() if record is None else getattr(record, key)
        return values.get(key, fallback)

    if ctx.viewer.is_system:
        return
    check_address(str(wanted("url") or ""))
    check_meaning(ctx, str(wanted("on_type") or ""), str(wanted("matching") or ""))
    values["runs_as"] = ctx.viewer.user_id


def check_address(url: str) -> None:
    """Raise Invalid unless messages may go there: https, or plain http to this machine where the installation allows it."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        host, parts = "", urlsplit("")
    is_local = host in _LOCAL and os.environ.get("RAPPORT_ALLOW_PRIVATE_EGRESS") == "1"
    if not host or "@" in parts.netloc or any(c.isspace() for c in url) or parts.scheme not in ("http", "https"):
        raise Invalid(_t("This is not a web address that starts with https://."), field="url")
    if parts.scheme == "http" and not is_local:
        raise Invalid(_t("Messages are sent to addresses that start with https:// only."), field="url")


def check_meaning(ctx: Context, on_type: str, matching: str) -> None:
    """Raise Invalid unless type and filter are such as the viewer may use."""
    if not on_type:
        if matching.strip():
            raise Invalid(_t("Choose a record type first; a filter is about the fields of one."), field="matching")
        return
    if on_type not in registry or not gate.allows(ctx, registry.get(on_type), "view"):
        raise Invalid(_t("There is no record type “%(key)s” that you can see.") % {"key": on_type[:60]}, field="on_type")
    if matching.strip():
        try:
            compile_filter(ctx, registry.get(on_type), parse(matching))
        except Invalid as wrong:
            raise Invalid(wrong.sentence, field="matching") from wrong


def set_going(ctx: Context, written: list[Written]) -> None:
    """A new endpoint hears of what comes after it; one that is switched on or mended goes on where it was."""
    last = Workspace.objects.values_list("change_number", flat=True).get(pk=ctx.workspace.pk)
    for one in written:
        states = WebhookState.objects.filter(workspace_id=ctx.workspace.pk, webhook_id=one.record.pk)
        if one.verb == "create":
            WebhookState.objects.create(workspace_id=ctx.workspace.pk, webhook_id=one.record.pk, position=last)
        elif one.verb == "restore":
            states.update(position=last, next_at=None, failing_since=None, problem="")
        elif one.changed(*_MEANING) and not ctx.viewer.is_system:
            states.update(next_at=None, failing_since=None, problem="")


@record_type
class WebhookType(RecordType):
    """An address outside that hears of what is written here."""

    model, key, title = Webhook, "webhook", "name"
    search = ["name"]
    uses = {
        "owner": Use(hidden=True), "team": Use(hidden=True), "external_id": Use(hidden=True), "runs_as": Use(readonly=True),
    }  # fmt: skip
    list_columns = ["name", "url", "on_type", "verbs", "is_active"]
    page = [Section(_("Where to"), "name", "url", "is_active", "runs_as"), Section(_("What"), "on_type", "verbs", "matching")]
    grants = {}
    menu = ("settings", "webhook")
    checks = (check_webhook,)
    effects = (set_going,)


__all__ = ["WebhookType", "check_address", "check_meaning"]
