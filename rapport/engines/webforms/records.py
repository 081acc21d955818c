"""What a web form means; each write renews the copy that visitors see."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from rapport.engines.publishing.markdown import render
from rapport.engines.webforms.models import PublicForm, WebForm
from rapport.engines.webforms.questions import read_questions
from rapport.engines.webforms.registry import Receiver, receiver
from rapport.kernel.changes.written import Written
from rapport.kernel.errors import Invalid
from rapport.kernel.records.declare import RecordType, Section, Use
from rapport.kernel.records.registry import record_type

if TYPE_CHECKING:
    from rapport.kernel.context import Context
    from rapport.kernel.records.model import Record

_MOST_SITES = 20


def check_form(ctx: Context, record: Record | None, values: dict[str, object]) -> None:
    """It asks for fields there are, stands on real sites, and confirms by mail only where it asks for an address."""

    def wanted(key: str, default: object = "") -> object:
        return values[key] if key in values else getattr(record, key, default)

    makes, first = str(wanted("makes") or ""), str(WebForm._meta.get_field("asks").default)
    taker = receiver(makes)
    asks = str(wanted("asks") or first)
    if taker.begins and asks.split() == first.split():
        asks = values["asks"] = taker.begins
    questions = read_questions(ctx.as_system("questions"), asks, makes)
    asked = {one.key: one for one in questions}
    email = taker.email
    _check_place(ctx, taker, str(wanted("place") or ""))
    if wanted("is_confirmed_by_mail", True) and not (email in asked and asked[email].is_required):
        raise Invalid(
            _t("To confirm by e-mail, ask for the address and make it required: add a line “%(key)s*”.") % {"key": email},
            field="asks",
        )
    read_sites(str(wanted("sites") or ""))


def _check_place(ctx: Context, taker: Receiver, place: str) -> None:
    there = taker.places(ctx.as_system("places")) if taker.places is not None else []
    if place and place not in there:
        able = ", ".join(there) or _t("nothing, leave it empty")
        raise Invalid(_t("There is no “%(place)s”. Possible are: %(able)s.") % {"place": place, "able": able}, field="place")


def read_sites(text: str) -> list[str]:
    """The sites that may show a form, as a content policy names them; raises Invalid for a line that is none."""
    found = []
    for line in filter(None, (one.strip().rstrip("/") for one in text.splitlines())):
        parts = urlsplit(line)
        plain = f"{parts.scheme}://{parts.netloc}"
        if parts.scheme not in ("https", "http") or not parts.hostname or plain != line or not _is_plain(parts.netloc):
            raise Invalid(_t("Write each site as https://www.example.com, without a path."), field="sites")
        found.append(plain)
    if len(found) > _MOST_SITES:
        raise Invalid(_t("Name at most %(most)d sites.") % {"most": _MOST_SITES}, field="sites")
    return found


def _is_plain(host: str) -> bool:
    return all(c.isascii() and (c.isalnum() or c in ".-:") for c in host)


def keep_public(ctx: Context, written: list[Written]) -> None:
    """Visitors see the form as it is now; one in the bin is closed."""
    for one in written:
        form = one.record
        assert isinstance(form, WebForm)
        shown = {
            "name": form.name, "intro": str(render(form.intro)), "thanks": str(render(form.thanks)), "button": form.button,
            "consent": form.consent_text, "is_confirmed": form.is_confirmed_by_mail, "sites": read_sites(form.sites),
            "language": form.language or ctx.workspace.language, "makes": form.makes,
            "asks": [question.stored() for question in read_questions(ctx.as_system("questions"), form.asks, form.makes)],
        }  # fmt: skip
        rows = PublicForm.objects.filter(workspace_id=ctx.workspace.pk, record_id=form.pk)
        is_open = form.is_open and form.deleted_at is None
        if not rows.update(is_open=is_open, shown=shown):
            PublicForm.objects.create(
                workspace_id=ctx.workspace.pk, record_id=form.pk, key=secrets.token_urlsafe(9), is_open=is_open, shown=shown
            )


@record_type
class WebFormType(RecordType):
    """Questions for visitors of a web site, and what becomes of the answers."""

    model, key, title = WebForm, "web_form", "name"
    uses = {"owner": Use(default="me"), "external_id": Use(hidden=True)}
    list_columns = ["name", "is_open", "makes", "is_confirmed_by_mail", "campaign", "owner", "updated_at"]
    page = [
        Section(_("Web form"), "is_open", "makes", "place", "is_confirmed_by_mail", "campaign", "owner", "team", "language"),
        Section(_("What visitors see"), "intro", "asks", "button", "thanks", "consent_text", "consent_for"),
        Section(_("Where it stands"), "sites"),
    ]
    grants = {"management": "*:all", "marketing": "*:all"}
    menu = ("settings", "text-cursor-input")
    checks = (check_form,)
    effects = (keep_public,)
