"""The portal of a workspace, who has an account there, the links that let them in, and the browsers they are in with.

None of these are records, and an account here is no user: it has no role, and nothing of it reaches the gate.
"""

from __future__ import annotations

from django.db import models

from rapport.kernel.ids import new_id


class PortalSite(models.Model):
    """The portal of one workspace: whether it is on, where, and what it is called."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    workspace = models.OneToOneField("kernel.Workspace", models.CASCADE, related_name="+")
    is_on = models.BooleanField(default=False)
    name = models.CharField(max_length=80)
    welcome = models.CharField(max_length=200, blank=True)
    #: Its place among the addresses: /portal/<slug>/.
    slug = models.CharField(max_length=60, unique=True)
    #: Everybody who is written down with an address may ask for a link, not only who was invited.
    is_open = models.BooleanField(default=False)


class PortalAccount(models.Model):
    """One person's access."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    workspace = models.ForeignKey("kernel.Workspace", models.CASCADE, related_name="+", db_index=False)
    person_id = models.UUIDField()
    #: The address that links go to, in small letters. It counts only while the person has it on their record.
    email = models.CharField(max_length=254)
    is_active = models.BooleanField(default=True)
    #: Sees and does what belongs to the companies they work at.
    sees_company = models.BooleanField(default=False)
    #: Sees the pages of partners, if one of their companies is a partner.
    is_partner = models.BooleanField(default=False)
    made_at = models.DateTimeField()
    #: The user who invited; plain, since the account outlives them. None: the person asked for it.
    invited_by_id = models.UUIDField(null=True)
    last_seen_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "person_id"], name="portalaccount_once")]
        indexes = [models.Index(fields=["workspace", "email"], name="portalaccount_email_ix")]


class PortalPassword(models.Model):
    """The password of an account that has one: its hash. Apart, because it stays when a workspace moves."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    workspace = models.ForeignKey("kernel.Workspace", models.CASCADE, related_name="+", db_index=False)
    account_id = models.UUIDField()
    password = models.CharField(max_length=200)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "account_id"], name="portalpassword_once")]


class PortalLink(models.Model):
    """A link in a mail: opens once, for a quarter of an hour (an invitation: for a week)."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    workspace = models.ForeignKey("kernel.Workspace", models.CASCADE, related_name="+", db_index=False)
    account_id = models.UUIDField()
    #: "enter": signs in; "email": the address it went to becomes the one of the account.
    purpose = models.CharField(max_length=5)
    email = models.CharField(max_length=254)
    digest = models.CharField(max_length=64)
    ends_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "digest"], name="portallink_once")]
        indexes = [
            models.Index(fields=["workspace", "account_id"], name="portallink_account_ix"),
            models.Index(fields=["workspace", "ends_at"], name="portallink_end_ix"),
        ]


class PortalSession(models.Model):
    """A browser in which a guest is signed in. Its secret is known here by its hash only."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    workspace = models.ForeignKey("kernel.Workspace", models.CASCADE, related_name="+", db_index=False)
    account_id = models.UUIDField()
    digest = models.CharField(max_length=64)
    browser = models.CharField(max_length=60, blank=True)
    #: It began by a link in a mail: for a while that proves as much as a password does.
    is_by_link = models.BooleanField(default=False)
    begun_at = models.DateTimeField()
    ends_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "digest"], name="portalsession_once")]
        indexes = [
            models.Index(fields=["workspace", "account_id", "-begun_at"], name="portalsession_account_ix"),
            models.Index(fields=["workspace", "ends_at"], name="portalsession_end_ix"),
        ]
