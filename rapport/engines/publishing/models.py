"""The shelf: what was published, its words, its versions, and what readers said of it. None of these are records.

Outsiders are shown rows of these tables and nothing else (docs/decisions/0030-the-shelf.md).
"""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from rapport.kernel.ids import new_id
from rapport.kernel.records.model import KeyField

#: Who may read a published text, from the fewest to the most.
AUDIENCES = [("internal", _("Our team only")), ("portal", _("Signed-in customers")), ("public", _("Everyone"))]
_WIDTH = {key: number for number, (key, _label) in enumerate(AUDIENCES)}


def narrower(one: str, other: str) -> str:
    """The audience of fewer people."""
    return min(one, other, key=lambda key: _WIDTH.get(key, 0))


class PublicSite(models.Model):
    """The help centre of one workspace: whether it is on, where, and what it is called."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    workspace = models.OneToOneField("kernel.Workspace", models.CASCADE, related_name="+")
    is_on = models.BooleanField(default=False)
    name = models.CharField(max_length=80)
    welcome = models.CharField(max_length=200, blank=True)
    #: Its place among the addresses: /help/<slug>/.
    slug = models.CharField(max_length=60, unique=True)
    language = models.CharField(max_length=10)
    #: Where people go whom no text helped: an e-mail address or a web address.
    contact = models.CharField(max_length=300, blank=True)
    #: The languages that have a public text.
    languages = models.JSONField(default=list)
    #: Counted up with everything that changes what visitors see, so that a page that is still right is known by it.
    edition = models.PositiveBigIntegerField(default=1)


class Version(models.Model):
    """The texts of a record as they were published once. Never changed."""

    id = models.BigAutoField(primary_key=True)
    workspace = models.ForeignKey("kernel.Workspace", models.CASCADE, related_name="+", db_index=False)
    type = models.CharField(max_length=40)
    record_id = models.UUIDField()
    number = models.PositiveIntegerField()
    texts = models.JSONField()
    audience = models.CharField(max_length=10)
    published_at = models.DateTimeField()
    #: The user; plain, since the version outlives them.
    by_id = models.UUIDField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "record_id", "number"], name="version_once")]


class Shelved(models.Model):
    """One text as its readers see it now."""

    id = models.BigAutoField(primary_key=True)
    workspace = models.ForeignKey("kernel.Workspace", models.CASCADE, related_name="+", db_index=False)
    type = models.CharField(max_length=40)
    record_id = models.UUIDField()
    #: Translations of one text share this.
    group_id = models.UUIDField()
    topic_id = models.UUIDField(null=True)
    audience = models.CharField(max_length=10, choices=AUDIENCES)
    #: The audience that was published; what is in force may be narrower, never wider.
    published_for = models.CharField(max_length=10, choices=AUDIENCES)
    language = models.CharField(max_length=10)
    slug = models.CharField(max_length=90)
    sort = KeyField(max_length=200)
    title = models.CharField(max_length=200)
    summary = models.CharField(max_length=300, blank=True)
    #: Rendered and cleaned when it was published.
    html = models.TextField()
    version = models.PositiveIntegerField()
    published_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "record_id"], name="shelved_once"),
            models.UniqueConstraint(fields=["workspace", "language", "slug"], name="shelved_slug_once"),
        ]
        indexes = [
            models.Index(fields=["workspace", "audience", "language", "topic_id", "sort", "id"], name="shelved_topic_ix"),
            models.Index(fields=["workspace", "audience", "language", "-published_at"], name="shelved_new_ix"),
            models.Index(fields=["workspace", "group_id"], name="shelved_group_ix"),
        ]


class ShelfPicture(models.Model):
    """A stored picture that a text shows as its readers see it now; whoever may read the text may see it, and nobody else."""

    id = models.BigAutoField(primary_key=True)
    workspace = models.ForeignKey("kernel.Workspace", models.CASCADE, related_name="+", db_index=False)
    record_id = models.UUIDField()
    key = models.CharField(max_length=64)

    class Meta:
        app_label = "publishing"
        constraints = [models.UniqueConstraint(fields=["workspace", "key", "record_id"], name="shelfpicture_once")]
        indexes = [models.Index(fields=["workspace", "record_id"], name="shelfpicture_record_ix")]


class ShelfTopic(models.Model):
    """What texts are sorted under. Shown to those alone for whom something stands in it or below it."""

    id = models.BigAutoField(primary_key=True)
    workspace = models.ForeignKey("kernel.Workspace", models.CASCADE, related_name="+", db_index=False)
    record_id = models.UUIDField()
    parent_id = models.UUIDField(null=True)
    group_id = models.UUIDField()
    language = models.CharField(max_length=10)
    slug = models.CharField(max_length=90)
    name = models.CharField(max_length=120)
    summary = models.CharField(max_length=300, blank=True)
    position = models.PositiveIntegerField(default=100)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "record_id"], name="shelftopic_once"),
            models.UniqueConstraint(fields=["workspace", "language", "slug"], name="shelftopic_slug_once"),
        ]


class ShelfWord(models.Model):
    """How much a word says of a text on the shelf."""

    id = models.BigAutoField(primary_key=True)
    workspace = models.ForeignKey("kernel.Workspace", models.CASCADE, related_name="+", db_index=False)
    audience = models.CharField(max_length=10)
    language = models.CharField(max_length=10)
    word = KeyField(max_length=20)
    weight = models.PositiveSmallIntegerField()
    record_id = models.UUIDField()

    class Meta:
        indexes = [
            models.Index(fields=["workspace", "audience", "language", "word", "-weight", "record_id"], name="shelfword_ix"),
            models.Index(fields=["workspace", "record_id"], name="shelfword_record_ix"),
        ]


class Tally(models.Model):
    """What became of a text: how often it helped and was used."""

    id = models.BigAutoField(primary_key=True)
    workspace = models.ForeignKey("kernel.Workspace", models.CASCADE, related_name="+", db_index=False)
    record_id = models.UUIDField()
    helped = models.PositiveIntegerField(default=0)
    did_not = models.PositiveIntegerField(default=0)
    opened = models.PositiveIntegerField(default=0)
    used = models.PositiveIntegerField(default=0)
    solved = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "record_id"], name="tally_once")]
        indexes = [
            # What did not help more often than it did.
            models.Index(
                fields=["workspace", "-did_not", "id"], name="tally_down_ix",
                condition=models.Q(did_not__gt=models.F("helped")),
            ),
        ]  # fmt: skip


class Vote(models.Model):
    """One reader's yes or no, with what they wrote. Nobody knows whose."""

    id = models.BigAutoField(primary_key=True)
    workspace = models.ForeignKey("kernel.Workspace", models.CASCADE, related_name="+", db_index=False)
    record_id = models.UUIDField()
    helped = models.BooleanField()
    note = models.CharField(max_length=300, blank=True)
    voted_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["workspace", "record_id", "-id"], name="vote_record_ix"),
            models.Index(fields=["workspace", "-voted_at"], name="vote_new_ix"),
        ]


class Asked(models.Model):
    """What readers looked for, as words without anything personal, and what came of it. Thinned after 90 days."""

    id = models.BigAutoField(primary_key=True)
    workspace = models.ForeignKey("kernel.Workspace", models.CASCADE, related_name="+", db_index=False)
    language = models.CharField(max_length=10)
    words = models.CharField(max_length=100)
    #: The first day of the week in which it was asked; no more is kept of when.
    week = models.DateField()
    times = models.PositiveIntegerField(default=0)
    found_nothing = models.PositiveIntegerField(default=0)
    opened = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "week", "language", "words"], name="asked_once")]


class VisitEnd(models.Model):
    """How visits to the help centre ended, by day: whether it was solved there. No visitor is known."""

    id = models.BigAutoField(primary_key=True)
    workspace = models.ForeignKey("kernel.Workspace", models.CASCADE, related_name="+", db_index=False)
    day = models.DateField()
    record_id = models.UUIDField()
    solved = models.PositiveIntegerField(default=0)
    went_on = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "day", "record_id"], name="visitend_once")]
