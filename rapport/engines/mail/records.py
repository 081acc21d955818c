"""What a mailbox means: whose it is, who may say what of it is shared, and what makes it right."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from rapport.engines.mail.models import Mailbox, MailboxState
from rapport.engines.mail.taking import taker
from rapport.kernel.errors import Invalid
from rapport.kernel.records.declare import RecordType, Section, Use
from rapport.kernel.records.registry import record_type

if TYPE_CHECKING:
    from rapport.kernel.changes.written import Written
    from rapport.kernel.context import Context
    from rapport.kernel.records.model import Record

#: What changes where a mailbox leads: a secret typed for one server is never sent to another.
LEADS = (
    "imap_host", "imap_port", "imap_security", "smtp_host", "smtp_port", "smtp_security", "user_name", "sign_in", "token_url",
    "client_id",
)  # fmt: skip
_AUDIENCE = ("share", "kind", "owner", "team", "is_active")
#: What others than its owner may change about a personal mailbox.
_OPEN_TO_OTHERS = ("is_active",)
_LOCAL = ("localhost", "127.0.0.1", "::1")


def check_mailbox(ctx: Context, record: Record | None, values: dict[str, object]) -> None:
    """A personal mailbox is its owner's: nobody else says where it leads and what of it is shared, whatever their role."""

    def wanted(key: str, column: str = "") -> object:
        fallback = Mailbox._meta.get_field(key).get_default() if record is None else getattr(record, column or key)
        return values.get(key, fallback)

    assert record is None or isinstance(record, Mailbox)
    _check_whose(ctx, record, values, str(wanted("kind")), wanted("owner", "owner_id"))
    if wanted("kind") == "shared" and wanted("team", "team_id") is None:
        raise Invalid(_t("Choose the team that shares this mailbox."), field="team")
    if wanted("kind") == "personal" and wanted("owner", "owner_id") is None:
        raise Invalid(_t("Choose whose mailbox this is."), field="owner")
    if wanted("kind") == "handed_in" and wanted("share") != "none":
        raise Invalid(_t("What is handed in is seen by who took part; choose “Nothing” here."), field="share")
    _check_once(ctx, record, str(wanted("address") or ""))
    for way in ("imap", "smtp"):
        _check_server(way, str(wanted(f"{way}_host") or "").strip(), wanted(f"{way}_port"), wanted(f"{way}_security"))
    if any(c in str(wanted("sender_name") or "") for c in "\r\n"):
        raise Invalid(_t("The name of the sender is one line."), field="sender_name")
    if wanted("sign_in") == "oauth2":
        if not str(wanted("token_url") or "").startswith("https://") and not ctx.viewer.is_system:
            raise Invalid(_t("Fill in the address where tokens are given; it starts with https://."), field="token_url")
        if not wanted("client_id"):
            raise Invalid(_t("Fill in the client id that the provider gave you."), field="client_id")


def _check_server(way: str, name: str, port: object, security: object) -> None:
    """A server is a name and a port, and is spoken to encrypted."""
    if any(c in name for c in "/@: \t\r\n\\%") and name not in _LOCAL:
        sentence = _t("This is the name of a server, such as %(way)s.example.com, without http:// and port.") % {"way": way}
        raise Invalid(sentence, field=f"{way}_host")
    if not 1 <= int(str(port or 0)) <= 65535:
        raise Invalid(_t("A port is a number from 1 to 65535."), field=f"{way}_port")
    is_local = name in _LOCAL and os.environ.get("RAPPORT_ALLOW_PRIVATE_EGRESS") == "1"
    if name and security == "none" and not is_local:
        sentence = _t("Passwords and mail go over encrypted connections only; choose TLS or STARTTLS.")
        raise Invalid(sentence, field=f"{way}_security")


def _check_once(ctx: Context, record: Mailbox | None, address: str) -> None:
    """Read twice, a mailbox would have two ledgers that disagree."""
    others = Mailbox.objects.filter(workspace_id=ctx.workspace.pk, address=address, deleted_at=None)
    if others.exclude(pk=record.pk if record else None).exists():
        raise Invalid(_t("There is a mailbox with this address already."), code="twice", field="address")


def _check_whose(ctx: Context, record: Mailbox | None, values: dict[str, object], kind: str, owner: object) -> None:
    me = ctx.viewer.user_id
    if ctx.viewer.is_system:
        return
    if record is None:
        if kind == "personal" and owner not in (None, me):
            raise Invalid(_t("A personal mailbox is set up by the person it belongs to."))
        return
    if record.kind == "personal" and record.owner_id != me:
        changed = [key for key, value in values.items() if value != getattr(record, f"{key}_id", getattr(record, key, None))]
        if any(key not in _OPEN_TO_OTHERS for key in changed):
            raise Invalid(_t("Only the person this mailbox belongs to may change it. You may switch it off."))
    if record.kind == "personal" and (kind != "personal" or owner != me) and record.owner_id == me:
        raise Invalid(_t("A personal mailbox stays its owner's; set up another one for a team."))


def keep_state(ctx: Context, written: list[Written]) -> None:
    """A new mailbox waits for its secret; one that leads elsewhere needs it again; what it shares is worked out anew."""
    for one in written:
        mailbox = one.record
        assert isinstance(mailbox, Mailbox)
        states = MailboxState.objects.filter(workspace_id=ctx.workspace.pk, mailbox_id=mailbox.pk)
        if one.verb == "create":
            MailboxState.objects.create(
                workspace_id=ctx.workspace.pk, mailbox_id=mailbox.pk, made_at=ctx.format.now, problem="no_secret"
            )
            continue
        if one.verb == "update" and one.changed(*LEADS):
            states.update(secret="", client_secret="", access_token="", access_until=None, problem="no_secret")
        keeper = taker()
        if keeper is not None and (one.verb in ("delete", "restore") or one.changed(*_AUDIENCE)):
            keeper.left(ctx.as_system("mail"), mailbox)


@record_type
class MailboxType(RecordType):
    """A mailbox that Rapport reads: a person's own, or one that a team shares."""

    model, key, title = Mailbox, "mailbox", "name"
    search = ["name", "address"]
    uses = {"external_id": Use(hidden=True), "owner": Use(default="me")}
    list_columns = ["name", "address", "kind", "owner", "team", "share", "is_active"]
    page = [
        Section(_("Mailbox"), "name", "address", "kind", "owner", "team", "is_active"),
        Section(_("What is kept and who sees it"), "share", "creates", "blocked", "folders"),
        Section(_("Incoming"), "imap_host", "imap_port", "imap_security", "user_name", "sign_in"),
        Section(_("Outgoing"), "smtp_host", "smtp_port", "smtp_security", "sender_name", "signature"),
        Section(_("More"), "token_url", "client_id", "trusted_server"),
    ]
    views = {_("All mailboxes"): "| name"}
    grants = {
        "management": "*:all",
        **dict.fromkeys(("sales", "marketing", "support", "back_office"), "view:team create edit:team delete:own"),
    }
    menu = ("settings", "inbox")
    checks = (check_mailbox,)
    effects = (keep_state,)
