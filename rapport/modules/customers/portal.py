"""What guests of the portal see and change of themselves: their details, their wishes, what they agree to.

Each of these asks for rows of the guest's own person alone, in `me`, `my_wishes` and `my_answers`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from rapport.engines.portal.guest import Guest
from rapport.engines.portal.registry import Asked, Page, portal_section
from rapport.kernel import format as shown_as
from rapport.kernel.errors import Gone, Invalid
from rapport.kernel.kinds.address import countries
from rapport.kernel.records.registry import registry
from rapport.modules.customers.consents import Event, allows, fold
from rapport.modules.customers.models import Consent, Customer, Preference

if TYPE_CHECKING:
    from rapport.kernel.context import Context

_MOST = 100
#: What guests change themselves; everything else of their record is ours.
FIELDS = ("name", "phones", "street", "postcode", "city", "country", "birthday")
_PARTS = ("street", "postcode", "city", "country")
#: Which version of the words below was agreed to.
WORDING = "portal 1"


def me(guest: Guest) -> Customer:
    """The guest's own record."""
    found = Customer.objects.filter(workspace_id=guest.workspace.pk, pk=guest.person_id, deleted_at=None).first()
    if found is None:
        raise Gone
    return found


def my_wishes(guest: Guest) -> QuerySet[Preference]:
    """What is known of the guest's wishes, without what is marked sensitive: people of ours wrote that for few eyes."""
    rows = Preference.objects.filter(workspace_id=guest.workspace.pk, customer_id=guest.person_id, deleted_at=None)
    return rows.filter(is_sensitive=False).order_by("what", "pk")


def my_answers(guest: Guest) -> QuerySet[Consent]:
    """What the guest ever agreed to or took back."""
    return Consent.objects.filter(workspace_id=guest.workspace.pk, customer_id=guest.person_id, deleted_at=None)


def brought_by(guest: Guest) -> QuerySet[Customer]:
    """The customers that a partner brought; nobody's for everybody else."""
    rows = Customer.objects.filter(workspace_id=guest.workspace.pk, partner_id__in=guest.partner_ids, deleted_at=None)
    return rows.order_by("title_key", "pk")


# -- details ------------------------------------------------------------------------------------------------------------

details = portal_section("details", _("My details"), icon="user-round", order=50)


@details.page()
def show_details(guest: Guest, asked: Asked) -> Page:
    """The form of what the guest may change."""
    person = me(guest)
    info = registry.get("customer")
    address = _address(person, guest.language)
    stored = {
        "name": person.name, "phones": info.fields["phones"].kind.text(person.phones, guest.context().format),
        "birthday": person.birthday.isoformat() if person.birthday else "", **{part: address.get(part, "") for part in _PARTS},
    }  # fmt: skip
    shown = {key: asked.get(key, stored[key]) for key in FIELDS}
    emails = [str(one.get("value", "")) for one in person.emails or []]
    return Page(_t("My details"), "customers/portal_details.html", {"shown": shown, "emails": emails, "email": guest.email})


@details.deed("save", said=_("Your details are saved."))
def save_details(guest: Guest, asked: Asked) -> str:
    """Write what was typed through the door; the log says that the guest did it."""
    person, ctx = me(guest), guest.context()
    given = {key: asked.get(key).strip() for key in FIELDS}
    values, errors = _read(ctx, person, given)
    if errors:
        raise Invalid(_t("Look at the fields marked below; what you typed is kept."), errors=errors)
    ctx.write(person, **values)
    return ""


def _address(person: Customer, language: str) -> dict[str, str]:
    """The first address, its country by name."""
    found = dict(next(iter(person.addresses or []), {}))
    if found.get("country"):
        found["country"] = countries(language).get(found["country"], found["country"])
    return found


def _read(ctx: Context, person: Customer, given: dict[str, str]) -> tuple[dict[str, object], dict[str, object]]:
    """Cleaned values, and a sentence for each field that is wrong. What the guest did not change is not written."""
    fields, cleaning = registry.get("customer").fields, ctx.cleaning()
    values: dict[str, object] = {}
    errors: dict[str, object] = {}
    for key in ("name", "phones", "birthday"):
        kind = fields[key].kind
        try:
            value = kind.parse(given[key], cleaning) if given[key] else None
        except Invalid as wrong:
            errors[key] = wrong.sentence
            continue
        if key == "name" and not value:
            errors[key] = _t("This is needed.")
        elif kind.to_json(value) != kind.to_json(getattr(person, key) or None):
            values[key] = value
    old = _address(person, ctx.format.language)
    if any(given[part] != old.get(part, "") for part in _PARTS):
        new = {**old, **{part: given[part] for part in _PARTS}}
        rest = list(person.addresses or [])[1:]
        try:
            values["addresses"] = fields["addresses"].kind.clean(
                [new, *rest] if any(given[p] for p in _PARTS) else rest, cleaning
            )
        except Invalid as wrong:
            errors["street"] = wrong.sentence
    return values, errors


# -- wishes -------------------------------------------------------------------------------------------------------------

wishes = portal_section("preferences", _("My preferences"), icon="heart", order=60)


@wishes.page()
def show_wishes(guest: Guest, asked: Asked) -> Page:
    """What is known, and a form for one more."""
    values = {
        "lines": list(my_wishes(guest).values("pk", "what", "wish")[:_MOST]),
        "what": asked.get("what"),
        "wish": asked.get("wish"),
    }
    return Page(_t("My preferences"), "customers/portal_wishes.html", values)


@wishes.deed("add", said=_("Thank you, we know now."))
def add_wish(guest: Guest, asked: Asked) -> str:
    """One more, or another wish about the same thing."""
    what, wish = (" ".join(asked.get(key).split()) for key in ("what", "wish"))
    errors = {key: _t("This is needed.") for key, value in (("what", what), ("wish", wish)) if not value}
    errors |= {key: _t("Keep it shorter.") for key, value, most in (("what", what, 80), ("wish", wish, 200)) if len(value) > most}
    if errors:
        raise Invalid(_t("Look at the fields marked below; what you typed is kept."), errors=errors)
    ctx = guest.context()
    learned = {"learned_from": _t("Portal"), "learned_on": ctx.format.today}
    same = my_wishes(guest).filter(what__iexact=what).select_for_update().first()
    if same is not None:
        ctx.write(same, wish=wish, **learned)
    elif my_wishes(guest)[:_MOST].count() >= _MOST:
        raise Invalid(_t("These are many already; take one away first."))
    else:
        ctx.create("preference", customer=guest.person_id, what=what, wish=wish, **learned)
    return ""


@wishes.deed("remove", said=_("It is taken away."))
def remove_wish(guest: Guest, asked: Asked, record_id: UUID) -> str:
    """Take one away."""
    one = my_wishes(guest).filter(pk=record_id).select_for_update().first()
    if one is None:
        raise Gone
    guest.context().delete(one)
    return ""


# -- consents -----------------------------------------------------------------------------------------------------------

consents = portal_section("consents", _("What I agree to"), icon="thumbs-up", order=70)


@dataclass(frozen=True)
class ConsentLine:
    """One purpose, and what holds."""

    purpose: str
    label: str
    words: str
    is_given: bool
    may_give: bool
    since: str


def wordings(guest: Guest) -> dict[str, str]:
    """What a guest may agree to here, in the words that are kept as proof."""
    company = {"company": guest.workspace.name}
    return {
        "newsletter": _t("%(company)s may send me its newsletter.") % company,
        "product_news": _t("%(company)s may write to me about new products and offers.") % company,
        "calls": _t("%(company)s may call me about its products.") % company,
        "profiling": _t("%(company)s may use what it knows of my purchases to suggest what suits me.") % company,
    }


def _state(guest: Guest) -> dict[tuple[str, str], Event]:
    rows = my_answers(guest).order_by("-happened_at", "-pk").values_list("pk", "purpose", "channel", "answer", "happened_at")
    return fold(Event(*row) for row in rows[:500])


@consents.page()
def show_consents(guest: Guest, asked: Asked) -> Page:
    """Each purpose with what holds, whoever asked for it and where."""
    state, fmt, words = _state(guest), guest.context().format, wordings(guest)
    labels = dict(Consent.PURPOSES)
    lines = []
    for purpose in [*words, *(one for one in labels if one not in words)]:
        events = [one for (about, _channel), one in state.items() if about == purpose]
        if purpose not in words and not events:
            continue
        last = max(events, key=lambda one: one.happened_at, default=None)
        since = shown_as.full_date(last.happened_at.astimezone(fmt.zone).date(), fmt) if last else ""
        is_given = any(one.is_given for one in events)
        lines.append(ConsentLine(purpose, str(labels[purpose]), words.get(purpose, ""), is_given, purpose in words, since))
    return Page(_t("What I agree to"), "customers/portal_consents.html", {"lines": lines})


@consents.deed("give", said=_("Thank you. It is written down."))
def give(guest: Guest, asked: Asked) -> str:
    """Agree, in the words shown; they and how the guest was signed in are the proof."""
    purpose = asked.get("purpose")
    wording = wordings(guest).get(purpose)
    if wording is None or asked.get("wording") != wording:
        raise Invalid(_t("The words have changed meanwhile; read them again, then agree."))
    if not allows(_state(guest), purpose, "any"):
        _answer(guest, purpose, "given", wording)
    return ""


@consents.deed("withdraw", said=_("It is withdrawn, from now on."))
def take_back(guest: Guest, asked: Asked) -> str:
    """Withdraw a purpose on every channel."""
    purpose = asked.get("purpose")
    if any(one.is_given for (about, _channel), one in _state(guest).items() if about == purpose):
        _answer(guest, purpose, "withdrawn", "")
    return ""


def _answer(guest: Guest, purpose: str, answer: str, wording: str) -> None:
    ctx = guest.context()
    proof = _t("Pressed in the portal by the holder of the account %(email)s, signed in.") % {"email": guest.email}
    ctx.create(
        "consent", customer=guest.person_id, purpose=purpose, channel="any", answer=answer, wording=wording,
        wording_version=WORDING if wording else "", source=_t("Portal"), proof=proof, happened_at=ctx.format.now,
    )  # fmt: skip
