"""Tables of the web surface, none of them records: tries, signed-in browsers, invitations, one-time links, sign-in providers."""

from __future__ import annotations

from django.db import models

from rapport.kernel.access.models import Account, User, Workspace
from rapport.kernel.ids import new_id


class SignInTries(models.Model):
    """Tries under one hashed name (an account from an address, an account, an address)."""

    name = models.CharField(max_length=64, primary_key=True)
    tries = models.PositiveIntegerField(default=0)
    last_at = models.DateTimeField(db_index=True)

    class Meta:
        app_label = "web"


class SignedInSession(models.Model):
    """One browser that is signed in: what its owner sees in the list, and ends there."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    session_key = models.CharField(max_length=40, unique=True)
    account = models.ForeignKey(Account, models.CASCADE, related_name="+")
    #: password, passkey, owner link, or sso; `sso_workspace` names the workspace whose provider vouched.
    method = models.CharField(max_length=40)
    is_local = models.BooleanField(default=True)
    sso_workspace_id = models.UUIDField(null=True)
    browser = models.CharField(max_length=200, blank=True)
    address = models.CharField(max_length=45, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    last_seen_at = models.DateTimeField()

    class Meta:
        app_label = "web"


class SignInLink(models.Model):
    """A one-time link into an account, made on the server's own terminal; only the hash of its secret is stored."""

    digest = models.CharField(max_length=64, primary_key=True)
    account = models.ForeignKey(Account, models.CASCADE, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    class Meta:
        app_label = "web"


class Invitation(models.Model):
    """The offer to join a workspace with a role, sent to one address; only the hash of its link is stored."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="+")
    email = models.EmailField()
    name = models.CharField(max_length=150, blank=True)
    role_id = models.UUIDField()
    team_id = models.UUIDField(null=True)
    #: The person who is there already, without an account (an imported sales agent).
    user = models.ForeignKey(User, models.CASCADE, null=True, related_name="+")
    digest = models.CharField(max_length=64, unique=True)
    #: The link went to the mailbox and nowhere else, so whoever follows it owns the address.
    was_mailed = models.BooleanField(default=False)
    invited_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        app_label = "web"


class SsoProvider(models.Model):
    """The OpenID Connect provider of one workspace. Its secret is sealed and is never shown again."""

    #: Stands in identities and in addresses; a new one whenever issuer or client change, so that old identities die.
    key = models.UUIDField(primary_key=True, default=new_id, editable=False)
    workspace = models.OneToOneField(Workspace, models.CASCADE, related_name="+")
    name = models.CharField(max_length=40)
    issuer = models.CharField(max_length=500)
    client_id = models.CharField(max_length=191)
    sealed_secret = models.TextField(blank=True)
    #: Domain -> when it was first claimed.
    domains = models.JSONField(default=dict)
    #: Unknown people with an allowed domain become users with this role; without one they must be invited.
    new_users_role_id = models.UUIDField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        app_label = "web"
