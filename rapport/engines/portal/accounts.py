"""Who has an account: found by an address, made by an invitation or by asking, closed, forgotten."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from uuid import UUID

from django.contrib.auth.hashers import check_password, make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from rapport.engines.notices.writing import put_once
from rapport.engines.portal.guest import Guest
from rapport.engines.portal.models import PortalAccount, PortalLink, PortalPassword, PortalSession, PortalSite
from rapport.engines.portal.registry import people
from rapport.kernel.access.models import Workspace
from rapport.kernel.errors import Invalid
from rapport.kernel.query.models import IndexedValue
from rapport.kernel.records.model import Record
from rapport.kernel.records.registry import registry

#: The notice that an address fits two persons.
TWICE = "twins"


def folded(email: str) -> str:
    """An address as it is compared."""
    return email.strip().casefold()[:254]


def addresses_of(person: Record) -> list[str]:
    """The addresses on a person's record."""
    return [folded(str(one.get("value", ""))) for one in getattr(person, people().emails) or [] if isinstance(one, dict)]


def persons_with(workspace: Workspace, email: str) -> list[Record]:
    """The living people with an address on their record; more than two are not looked for."""
    who = people()
    info = registry.get(who.type)
    keys = [key for key in info.fields[who.emails].kind.index_keys([{"value": email}]) if not key.startswith(("domain:", "@"))]
    if not keys:
        return []
    rows = IndexedValue.objects.filter(workspace_id=workspace.pk, type=who.type, field=who.emails, key__in=keys)
    ids = list(rows.values_list("record_id", flat=True).distinct()[:50])
    found = info.model.objects.filter(workspace_id=workspace.pk, pk__in=ids, deleted_at=None, **{who.when[0]: who.when[1]})
    return [one for one in found.order_by("pk") if email in addresses_of(one)][:3]


def account_at(workspace: Workspace, email: str) -> PortalAccount | None:
    """The account that an address opens: of the one living person who has it, closed ones included."""
    email = folded(email)
    persons = persons_with(workspace, email)
    rows = PortalAccount.objects.filter(workspace_id=workspace.pk, email=email).order_by("pk")
    found = {one.person_id: one for one in rows[:10]}
    return found.get(persons[0].pk) if len(persons) == 1 else None


def account_asked_for(site: PortalSite, email: str) -> PortalAccount | None:
    """The same for somebody who asks for a link: who is written down may have an account made by asking, where the portal
    allows it. An address of two people opens nothing; the owners of both are told."""
    workspace, email = site.workspace, folded(email)
    persons = persons_with(workspace, email)
    if len(persons) > 1:
        _tell(workspace, persons)
        return None
    found = account_at(workspace, email)
    if found is None and persons and site.is_open:
        PortalAccount.objects.bulk_create(
            [PortalAccount(workspace_id=workspace.pk, person_id=persons[0].pk, email=email, made_at=_now())],
            ignore_conflicts=True,
        )
        found = PortalAccount.objects.filter(workspace_id=workspace.pk, person_id=persons[0].pk, email=email).first()
    return found if found is not None and found.is_active else None


def _tell(workspace: Workspace, persons: list[Record]) -> None:
    ids = [one.pk for one in persons]
    whose = {owner: ids for owner in {getattr(one, "owner_id", None) for one in persons} if owner is not None}
    if whose:
        once = f"{TWICE}:{''.join(pk.hex[-16:] for pk in ids)}"
        put_once(workspace, TWICE, people().type, whose, once=once)


def account_of(workspace: Workspace, person_id: UUID) -> PortalAccount | None:
    """The account of a person."""
    return PortalAccount.objects.filter(workspace_id=workspace.pk, person_id=person_id).first()


def invite(
    workspace: Workspace, person: Record, email: str, *, sees_company: bool, is_partner: bool, by: UUID | None
) -> PortalAccount:
    """Give a person an account at one of their addresses, or open theirs again; raises Invalid."""
    email = folded(email)
    if email not in addresses_of(person):
        raise Invalid(_("This address is not on the person's record; write it there first."), field="email")
    if len(persons_with(workspace, email)) != 1:
        raise Invalid(
            _("Somebody else is written down with this address too. Merge the two, or give each their own."), field="email"
        )
    values = {"email": email, "is_active": True, "sees_company": sees_company, "is_partner": is_partner, "invited_by_id": by}
    with transaction.atomic():
        rows = PortalAccount.objects.filter(workspace_id=workspace.pk, person_id=person.pk)
        before = rows.first()
        if before is None:
            return PortalAccount.objects.create(workspace_id=workspace.pk, person_id=person.pk, made_at=_now(), **values)
        if before.email != email:
            _shut(workspace.pk, [before.pk])
        rows.update(**values)
        return rows.get()


def close(workspace: Workspace, person_id: UUID) -> bool:
    """Take a person's access away: every browser is signed out, every link is dead, the password is forgotten."""
    with transaction.atomic():
        rows = PortalAccount.objects.filter(workspace_id=workspace.pk, person_id=person_id, is_active=True)
        ids = list(rows.values_list("pk", flat=True))
        PortalAccount.objects.filter(workspace_id=workspace.pk, pk__in=ids).update(is_active=False)
        _shut(workspace.pk, ids)
    return bool(ids)


def forget_guests(workspace_id: UUID, person_ids: Iterable[UUID]) -> None:
    """The people were erased: nothing of their accounts stays, nor of accounts that a merge took away."""
    rows = PortalAccount.objects.filter(workspace_id=workspace_id, person_id__in=list(person_ids))
    ids = list(rows.values_list("pk", flat=True))
    PortalAccount.objects.filter(workspace_id=workspace_id, pk__in=ids).delete()
    there = PortalAccount.objects.filter(workspace_id=workspace_id).values("pk")
    for model in (PortalSession, PortalLink, PortalPassword):
        model.objects.filter(workspace_id=workspace_id).exclude(account_id__in=there).delete()


def _shut(workspace_id: UUID, ids: list[UUID]) -> None:
    for model in (PortalSession, PortalLink, PortalPassword):
        model.objects.filter(workspace_id=workspace_id, account_id__in=ids).delete()


def guest_of(workspace: Workspace, account: PortalAccount) -> Guest | None:
    """Who an account is, as they are today; None when the person is gone or no longer has the address alone."""
    who = people()
    if not account.is_active:
        return None
    person = (
        registry.get(who.type)
        .model.objects.filter(workspace_id=workspace.pk, pk=account.person_id, deleted_at=None, **{who.when[0]: who.when[1]})
        .first()
    )
    if person is None or account.email not in addresses_of(person):
        return None
    at = who.companies(workspace, person.pk) if account.sees_company or account.is_partner else []
    partners = who.partners(workspace, at) if account.is_partner else []
    return Guest(
        workspace, account.pk, person.pk, str(getattr(person, registry.get(who.type).declared.title)), account.email,
        getattr(person, who.language, "") or workspace.language, tuple(at) if account.sees_company else (), tuple(partners),
    )  # fmt: skip


# -- passwords ----------------------------------------------------------------------------------------------------------


def has_password(account: PortalAccount) -> bool:
    """Whether the account can be entered with a password."""
    return PortalPassword.objects.filter(workspace_id=account.workspace_id, account_id=account.pk).exists()


def fits(workspace: Workspace, email: str, password: str) -> PortalAccount | None:
    """The account that address and password open. Takes as long for an address that nobody has."""
    account = account_at(workspace, email)
    rows = PortalPassword.objects.filter(workspace_id=workspace.pk, account_id=account.pk if account else None)
    stored = rows.values_list("password", flat=True).first()
    if stored is None or account is None or not account.is_active:
        make_password(password)
        return None
    return account if check_password(password, stored) else None


def set_password(account: PortalAccount, password: str) -> None:
    """Store a new password; an empty one takes it away. Raises Invalid with what is wrong with it."""
    rows = PortalPassword.objects.filter(workspace_id=account.workspace_id, account_id=account.pk)
    if not password:
        rows.delete()
        return
    try:
        validate_password(password, account)  # type: ignore[arg-type]
    except ValidationError as wrong:
        raise Invalid(" ".join(wrong.messages), field="password") from None
    hashed = make_password(password)
    with transaction.atomic():
        if not rows.update(password=hashed):
            PortalPassword.objects.create(workspace_id=account.workspace_id, account_id=account.pk, password=hashed)


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)
