"""Workspaces and the people in them: accounts sign in, users work in a workspace, roles say what they may."""

from __future__ import annotations

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from rapport.kernel.ids import new_id
from rapport.kernel.kinds.rights import RightsField
from rapport.kernel.records.model import Record, record_indexes


class Workspace(models.Model):
    """One company's Rapport, cut off from every other."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField(_("name"), max_length=120)
    currency = models.CharField(_("currency"), max_length=3, default="EUR")
    country = models.CharField(_("country"), max_length=2, default="IE")
    language = models.CharField(_("language"), max_length=10, default="en")
    time_zone = models.CharField(_("time zone"), max_length=60, default="UTC")
    #: Counts the changes of the workspace; the write door takes the next number last (see changes/door.py).
    change_number = models.BigIntegerField(default=0, editable=False)
    #: Hash of the last change: the end of the chain of the change log (see changes/chain.py).
    change_hash = models.CharField(max_length=64, default="", editable=False)
    #: Rises whenever custom fields change, so that processes know their copy of the fields is old.
    schema_version = models.PositiveIntegerField(default=1, editable=False)
    #: Another number whenever teams, people, roles, defaults or rules change: processes keep a chart of them by it.
    #: Drawn, not counted up, so that a number from a transaction that was rolled back never comes again.
    access_version = models.BigIntegerField(default=1, editable=False)
    is_sample = models.BooleanField(default=False)
    #: Whether passwords and passkeys open this workspace; owners may always use theirs (surfaces/web/signing_in).
    local_sign_in = models.BooleanField(default=True)
    #: Whether people may make API tokens that never expire.
    endless_tokens = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        app_label = "kernel"

    def __str__(self) -> str:
        return self.name


class AccountManager(BaseUserManager):
    """Finds accounts by e-mail, whatever its case."""

    def get_by_natural_key(self, username: str | None) -> Account:
        """The account that signs in with this e-mail."""
        return self.get(email=(username or "").casefold())


class Account(AbstractBaseUser):
    """What a person signs in with: an e-mail address and a password. It may be a user of several workspaces."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    email = models.EmailField(unique=True)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = AccountManager()
    USERNAME_FIELD = "email"

    class Meta:
        app_label = "kernel"


class Role(Record):
    """What people of one sort may do: rights per type and action, and the field groups they may see."""

    name = models.CharField(_("name"), max_length=80)
    #: Seeded roles keep a key for ever ("owner", "sales"); roles people add have none.
    key = models.CharField(max_length=40, blank=True, editable=False)
    #: {type key or "*": {verb or "*": "none" | "own" | "team" | "below" | "all"}}
    rights = RightsField(_("rights"), default=dict, blank=True)
    #: {field group or "*": "hidden" | "read" | "edit"}; a group that is not named is hidden.
    field_groups = RightsField(_("field groups"), default=dict, blank=True)

    class Meta(Record.Meta):
        app_label = "kernel"
        verbose_name, verbose_name_plural = _("role"), _("roles")
        indexes = record_indexes("role")


class Team(Record):
    """A department. Teams nest; a person in a team belongs to the teams above it for reading what is theirs."""

    name = models.CharField(_("name"), max_length=120)
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="teams_below", verbose_name=_("part of")
    )
    manager = models.ForeignKey(
        "kernel.User", models.PROTECT, null=True, blank=True, related_name="teams_managed", verbose_name=_("manager")
    )

    class Meta(Record.Meta):
        app_label = "kernel"
        verbose_name, verbose_name_plural = _("team"), _("teams")
        indexes = record_indexes("team")


class User(Record):
    """A person's place in a workspace. One without an account can own records but cannot sign in."""

    name = models.CharField(_("name"), max_length=150)
    email = models.EmailField(_("e-mail"), blank=True)
    role = models.ForeignKey(Role, models.PROTECT, null=True, related_name="users", verbose_name=_("role"))
    reports_to = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="reports", verbose_name=_("reports to")
    )
    is_active = models.BooleanField(_("active"), default=True)
    language = models.CharField(_("language"), max_length=10, blank=True)
    time_zone = models.CharField(_("time zone"), max_length=60, blank=True)
    account = models.ForeignKey(
        Account, models.SET_NULL, null=True, blank=True, related_name="+", editable=False
    )

    class Meta(Record.Meta):
        app_label = "kernel"
        verbose_name, verbose_name_plural = _("user"), _("users")
        indexes = record_indexes("user")
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "account"], condition=Q(account__isnull=False), name="user_account_once"
            )
        ]


class ApiToken(models.Model):
    """A named key for programs. Only its hash is stored; it acts as its user, never with more rights."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="+")
    user = models.ForeignKey(User, models.CASCADE, related_name="+")
    name = models.CharField(max_length=120)
    digest = models.CharField(max_length=64, unique=True)
    #: It may look (view, export) and not change anything.
    is_read_only = models.BooleanField(default=False)
    #: Keys of the record types it may touch; None for all.
    types = models.JSONField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        app_label = "kernel"


class SetupLink(models.Model):
    """The one-time right to set up a fresh installation; only the hash of the link's secret is stored."""

    digest = models.CharField(max_length=64, primary_key=True)
    created_at = models.DateTimeField(auto_now_add=True)
    used_at = models.DateTimeField(null=True)

    class Meta:
        app_label = "kernel"
