"""Whose records there are and who tries to get at them: the fixed cast, and two people with odd roles."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from django.db import transaction
from django.test import Client

from rapport.kernel.access.current import use_workspace
from rapport.kernel.access.models import Role, User
from rapport.kernel.access.setup import add_user
from rapport.kernel.custom.fields import forget_custom_fields
from rapport.kernel.records.model import Record
from rapport.kernel.records.registry import TypeInfo, registry
from rapport.surfaces.web.board_values import has_values
from tests.cast import PASSWORD, Cast, first_stage_id
from tests.factory import is_sealed, make, values_for

#: Types whose records belong to nobody: the shipped sales role sees all of them, and may change none.
SHARED = {
    "user", "team", "role", "exchange_rate", "pipeline", "stage", "service_hours", "holiday", "service_level", "service_promise",
    "queue", "queue_member", "saved_reply", "complaint_cause", "topic", "article", "article_picture", "survey",
}
#: Types whose title must name something real (a currency, a record type), so that no canary can stand there.
#: The name of an own type stands in the navigation of all who may use it.
NAMED_BY_RULE = {"exchange_rate", "access_default", "custom_type", "wording", "survey_answer"}
#: Types the shipped sales role has no right to at all.
CLOSED = {"custom_field", "custom_type", "wording", "page_layout", "access_default", "sharing_rule", "follow_up_rule", "webhook", "phone_line", "web_form", "chat_widget"}


#: Private types and what lies under them: theirs alone, whatever a role says, and made by their module only.
SEALED = {info.key for info in registry.all() if is_sealed(info)}


@dataclass
class Company:
    """The cast with its clients signed in once, web and API, and people with odd roles added."""

    cast: Cast
    people: dict[str, User]
    web: dict[str, Client] = field(default_factory=dict)
    api: dict[str, Client] = field(default_factory=dict)

    def ctx(self, who: str) -> object:
        """The context of one of the people."""
        from rapport.kernel.context import context_for

        return context_for(User.objects.select_related("role").get(pk=self.people[who].pk), "test")


def open_company(cast: Cast, *, without: str = "") -> Company:
    """Sign everybody in. Eve's role has no right to the type `without`, Val's may look at everything and touch nothing."""
    ctx = cast.system
    for key, rights in (("eve", {"*": {"*": "all"}, without: {}}), ("val", {"*": {"view": "all"}})):
        role = ctx.create("role", name=key)
        Role.objects.filter(pk=role.pk).update(rights=rights, key=key, field_groups={"*": "edit"})
    people = {name: getattr(cast, name) for name in ("ana", "ben", "cem", "dea")}
    for name in ("eve", "val"):
        people[name] = add_user(ctx, name.title(), email=f"{name}.{cast.home.pk.hex[-8:]}@example.com", role_key=name, password=PASSWORD)
        setattr(cast, name, people[name])
    company = Company(cast, people)
    for name in people:
        company.web[name], company.api[name] = cast.client(name), cast.api(name)
        company.web[name].get("/")
    return company


def owned_by(cast: Cast, who: str, info: TypeInfo, **given: object) -> Record:
    """A record of somebody's (for types under a parent: under a parent that is theirs)."""
    user = getattr(cast, who)
    under = info.declared.under
    if under:
        parent = registry.get(info.fields[under].to)
        more = {"kind": "person"} if "person" in info.fields[under].only else {}
        given[under] = owned_by(cast, who, parent, **more).pk
    elif "owner" in info.fields:
        given["owner"] = user.pk
    if info.declared.board and not has_values(info):
        given.setdefault(info.declared.board.by, first_stage_id())
    return make(cast.system, info.key, **given)


def full_record(cast: Cast, who: str, info: TypeInfo, **given: object) -> Record:
    """As `owned_by`, with every field that can be filled."""
    ctx = cast.system
    if not info.declared.under and "owner" in info.fields:
        given["owner"] = getattr(cast, who).pk
    return ctx.create(info.key, **values_for(ctx, info, every=True, **given))


@contextmanager
def undone(cast: Cast) -> Iterator[None]:
    """Whatever happens in the block is taken back, so that one set-up serves many cells."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)
    for workspace in (cast.home, cast.away):
        forget_custom_fields(workspace)


def in_home(cast: Cast) -> object:
    """The home workspace, after a request left it."""
    return use_workspace(cast.home)
