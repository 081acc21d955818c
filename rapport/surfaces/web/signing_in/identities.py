"""What a provider's word is worth: it opens its own workspace, to its own people, and nothing else.

Identities are keyed (provider of the workspace, subject). The first time, a verified address in an allowed domain leads
to the user of that workspace with this account; never to an account that does not work here yet (its owner accepts an
invitation with their own sign-in first), so that the provider of workspace B cannot speak for somebody of workspace A.
"""

from __future__ import annotations

from allauth.socialaccount.models import SocialAccount
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from rapport.kernel.access.accounts import user_in
from rapport.kernel.access.current import use_workspace
from rapport.kernel.access.joining import give_account, join
from rapport.kernel.access.models import Account, Role, User
from rapport.kernel.context import system_context
from rapport.kernel.errors import Gone
from rapport.surfaces.web.models import Invitation, SsoProvider
from rapport.surfaces.web.signing_in import invitations, resets
from rapport.surfaces.web.signing_in.sso import Claims, NotVouched


def account_of(row: SsoProvider, claims: Claims) -> Account:
    """The account these claims open in the workspace of the provider; raises NotVouched with a sentence."""
    known = SocialAccount.objects.filter(provider=str(row.key), uid=claims.subject).select_related("user").first()
    if known is not None:
        account = known.user
        if not account.is_active or user_in(account, row.workspace_id) is None:
            raise NotVouched(_("You no longer work in this workspace. Ask its owner."))
        return account
    if not claims.is_verified:
        raise NotVouched(_("The provider did not confirm your e-mail address, so nobody can be found by it."))
    if claims.email.rpartition("@")[2] not in row.domains:
        raise NotVouched(_("Your address does not belong to a domain that this workspace takes."))
    try:
        with transaction.atomic(), use_workspace(row.workspace_id):
            return _first_time(row, claims)
    except IntegrityError:
        raise NotVouched(_("Somebody signs in with this address at the same moment. Try again.")) from None


def _first_time(row: SsoProvider, claims: Claims) -> Account:
    account = Account.objects.filter(email=claims.email).first()
    if account is not None:
        if not account.is_active or user_in(account, row.workspace_id) is None:
            raise NotVouched(
                _("There is an account with your address that does not work in this workspace. Ask for an invitation, "
                  "and accept it with your own sign-in once.")
            )  # fmt: skip
        if SocialAccount.objects.filter(provider=str(row.key), user=account).exists():
            # An address that was given to another person over there must not bring the first one's place along.
            raise NotVouched(_("Your address belongs to somebody else's sign-in here. Ask the owner of the workspace."))
    else:
        account = _newcomer(row, claims)
    SocialAccount.objects.create(provider=str(row.key), uid=claims.subject, user=account)
    return account


def _newcomer(row: SsoProvider, claims: Claims) -> Account:
    """Somebody without an account: invited, or let in because their domain is."""
    invitation = next(
        (one for one in Invitation.objects.filter(workspace_id=row.workspace_id, email=claims.email).select_related(
            "workspace", "user") if invitations.still_open(one)), None,
    )  # fmt: skip
    role = Role.objects.filter(pk=row.new_users_role_id, deleted_at=None).first() if row.new_users_role_id else None
    if invitation is None and role is None:
        raise NotVouched(_("You are not invited yet. Ask the owner of the workspace for an invitation."))
    account = Account(email=claims.email)
    account.set_unusable_password()
    account.save(force_insert=True)
    resets.doubt(account)
    if invitation is not None:
        try:
            invitations.accept(invitation, account, claims.name)
        except Gone as over:
            raise NotVouched(over.sentence) from None
        return account
    assert role is not None
    agents = list(User.objects.filter(email__iexact=claims.email, account=None, is_active=True, deleted_at=None)[:2])
    if len(agents) == 1 and agents[0].role_id in (None, role.pk):
        give_account(agents[0], account, role_id=role.pk)
    else:
        join(system_context(row.workspace, "single sign-on"), account, name=claims.name, email=claims.email, role_id=role.pk)
    return account
