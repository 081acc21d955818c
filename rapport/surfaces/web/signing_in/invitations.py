"""Invitations: made by somebody who may, kept as a hash, taken up by one person, once."""

from __future__ import annotations

import datetime as dt
import secrets
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from rapport.kernel.access import events, gate
from rapport.kernel.access.current import unscoped, use_workspace
from rapport.kernel.access.granting import demand_may_grant
from rapport.kernel.access.joining import give_account, join
from rapport.kernel.access.models import Account, Role, User
from rapport.kernel.access.tokens import digest_of
from rapport.kernel.context import Context, context_for, system_context
from rapport.kernel.errors import Conflict, Gone, Invalid, Refused
from rapport.kernel.records.registry import registry
from rapport.surfaces.web.models import Invitation
from rapport.surfaces.web.signing_in import mails, resets

LIVES = dt.timedelta(days=7)
#: So that nobody sends mail to half the world through this server.
MOST_AN_HOUR = 100


def demand_may_invite(ctx: Context) -> None:
    """Raise Refused unless this person may add users."""
    gate.demand(ctx, registry.get("user"), "create")


def open_in(ctx: Context) -> QuerySet[Invitation]:
    """The invitations of the workspace that still work."""
    now = dt.datetime.now(dt.UTC)
    rows = Invitation.objects.filter(workspace=ctx.workspace, used_at=None, revoked_at=None, expires_at__gt=now)
    return rows.select_related("invited_by").order_by("-created_at")


def roles_to_give(ctx: Context) -> list[Role]:
    """The roles this person may give."""
    found = []
    for role in gate.visible(ctx, registry.get("role")).order_by("pk"):
        try:
            demand_may_grant(ctx, role)
        except Refused:
            continue
        found.append(role)
    return found


def invite(ctx: Context, *, email: str, name: str, role_id: object, team_id: object, user: User | None) -> tuple[Invitation, str]:
    """Keep an invitation and return it with the secret of its link; raises Invalid with a sentence per field."""
    demand_may_invite(ctx)
    email, name = email.strip().casefold(), mails.one_line(name)
    errors: dict[str, object] = {}
    try:
        validate_email(email)
    except ValidationError:
        errors["email"] = _("Enter a whole e-mail address, such as ann@example.com.")
    role = next((one for one in roles_to_give(ctx) if str(one.pk) == str(role_id)), None)
    if role is None:
        errors["role"] = _("Choose one of the roles you may give.")
    team = None
    if team_id:
        team = gate.visible(ctx, registry.get("team")).filter(pk=_uuid(team_id)).first()
        if team is None:
            errors["team"] = _("Choose one of the teams.")
    if not errors and User.objects.filter(account__email=email, is_active=True, deleted_at=None).exists():
        errors["email"] = _("Somebody with this address works here already.")
    hour_ago = dt.datetime.now(dt.UTC) - dt.timedelta(hours=1)
    if Invitation.objects.filter(workspace=ctx.workspace, created_at__gt=hour_ago).count() >= MOST_AN_HOUR:
        errors["email"] = _("That were many invitations for one hour. Go on a little later.")
    if errors:
        raise Invalid(next(iter(errors.values())), errors=errors)
    assert role is not None
    # A newer invitation to the same place replaces the older one.
    open_in(ctx).filter(Q(email=email) | (Q(user=user) if user else Q(pk__in=[]))).update(revoked_at=dt.datetime.now(dt.UTC))
    secret = secrets.token_urlsafe(32)
    made = Invitation.objects.create(
        workspace=ctx.workspace, email=email, name=name, role_id=role.pk, team_id=team.pk if team else None, user=user,
        digest=digest_of(secret), invited_by_id=ctx.viewer.user_id, expires_at=dt.datetime.now(dt.UTC) + LIVES,
    )  # fmt: skip
    return made, secret


def renew(invitation: Invitation) -> str:
    """A new link for another seven days; the former one stops working."""
    secret = secrets.token_urlsafe(32)
    invitation.digest, invitation.expires_at = digest_of(secret), dt.datetime.now(dt.UTC) + LIVES
    invitation.save(update_fields=["digest", "expires_at"])
    return secret


def deliver(ctx: Context, invitation: Invitation, link: str) -> bool:
    """Mail the link. True when it went to the mailbox and nowhere else; otherwise the inviter has to pass it on."""
    body = _(
        "%(inviter)s invites you to work in %(workspace)s with Rapport.\n\n"
        "Come in here, within seven days:\n%(link)s\n\n"
        "If you do not know what this is about, do nothing."
    ) % {"inviter": mails.one_line(ctx.viewer.name), "workspace": mails.one_line(ctx.workspace.name), "link": link}
    subject = _("%(inviter)s invites you to %(workspace)s") % {
        "inviter": ctx.viewer.name, "workspace": ctx.workspace.name,
    }  # fmt: skip
    was_mailed = mails.send(invitation.email, subject, body) and settings.MAIL_REACHES_PEOPLE
    Invitation.objects.filter(pk=invitation.pk).update(was_mailed=was_mailed)
    return was_mailed


def find(secret: str) -> Invitation | None:
    """The invitation of a link, while it lives and its inviter could still make it."""
    now = dt.datetime.now(dt.UTC)
    rows = Invitation.objects.filter(digest=digest_of(secret), used_at=None, revoked_at=None, expires_at__gt=now)
    with unscoped("the workspace of an invitation is known by its link only"):
        found = rows.select_related("workspace", "user").first()
    if found is None:
        return None
    with use_workspace(found.workspace_id):
        return found if _still_granted(found) else None


def still_open(invitation: Invitation) -> bool:
    """Whether this invitation lives and its inviter could still make it. Inside `use_workspace`."""
    is_over = invitation.used_at or invitation.revoked_at or invitation.expires_at <= dt.datetime.now(dt.UTC)
    return not is_over and _still_granted(invitation)


def waits_for(account: Account) -> bool:
    """Whether somebody invited this address, so that it may sign in without being a user anywhere yet."""
    now = dt.datetime.now(dt.UTC)
    with unscoped("whether somebody invited an address, whichever workspace"):
        return Invitation.objects.filter(email=account.email, used_at=None, revoked_at=None, expires_at__gt=now).exists()


def _still_granted(invitation: Invitation) -> bool:
    """An invitation is worth what its inviter may do today: who left or was demoted leaves no open door behind."""
    inviter = User.objects.select_related("role").filter(pk=invitation.invited_by_id, is_active=True, deleted_at=None).first()
    role = Role.objects.filter(pk=invitation.role_id, deleted_at=None).first()
    if inviter is None or role is None:
        return False
    ctx = context_for(inviter, "web", workspace=invitation.workspace)
    try:
        demand_may_invite(ctx)
        demand_may_grant(ctx, role)
    except Refused:
        return False
    user = invitation.user
    return user is None or (user.account_id is None and user.is_active and user.deleted_at is None)


def accept_new(invitation: Invitation, name: str, password: str) -> User:
    """A new person: an account with this password, and their place. Raises Conflict when the address has an account."""
    try:
        with transaction.atomic():
            account = Account(email=invitation.email)
            account.set_password(password)
            account.save(force_insert=True)
            if not invitation.was_mailed:
                resets.doubt(account)
            return accept(invitation, account, name)
    except IntegrityError:
        raise Conflict(_("This address has an account already; sign in with it.")) from None


def accept(invitation: Invitation, account: Account, name: str = "") -> User:
    """Take an invitation up, once: the account gets its place in the workspace."""
    now = dt.datetime.now(dt.UTC)
    with transaction.atomic(), use_workspace(invitation.workspace_id):
        taken = Invitation.objects.filter(pk=invitation.pk, used_at=None, revoked_at=None, expires_at__gt=now)
        if not taken.update(used_at=now):
            raise Gone(_("This invitation was used already, or it was taken back."))
        user = _place(invitation, account, name or invitation.name or account.email.partition("@")[0])
    events.note("invitation_accepted", user=user, account=account)
    return user


def _place(invitation: Invitation, account: Account, name: str) -> User:
    ctx = system_context(invitation.workspace, "invitation")
    former = User.objects.filter(account=account).first()
    if former is not None:
        # Somebody who was here before comes back to their own records.
        if former.deleted_at is not None:
            ctx.restore(former)
            former.refresh_from_db()
        if not former.is_active:
            ctx.write(former, is_active=True)
        return give_account(former, account, role_id=invitation.role_id)
    if invitation.user is not None:
        return give_account(invitation.user, account, role_id=invitation.role_id)
    return join(
        ctx, account, name=name, email=account.email, role_id=invitation.role_id, team_id=invitation.team_id
    )


def _uuid(text: object) -> UUID | None:
    try:
        return UUID(str(text))
    except ValueError:
        return None
