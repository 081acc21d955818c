"""The fixed cast of the tests: Ana owns the workspace, Ben sells in team North, Cem in team South, Dea works elsewhere.

Each test gets a fresh workspace with the same people; allowed and refused cases share the set-up.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core.signals import setting_changed
from django.dispatch import receiver
from django.test import Client
from django.test.client import ClientHandler

from rapport.kernel.access.current import use_workspace
from rapport.kernel.access.models import Account, Role, User, Workspace
from rapport.kernel.access.setup import add_user, create_workspace
from rapport.kernel.access.tokens import create_token
from rapport.kernel.context import Context, context_for, system_context
from tests.cast_rows import cast_from_rows

PASSWORD = "correct horse battery staple"


@dataclass
class Cast:
    """The people, their contexts and clients. `home` is Ana's, Ben's and Cem's workspace, `away` is Dea's."""

    home: Workspace
    away: Workspace
    ana: User
    ben: User
    cem: User
    dea: User

    def ctx(self, name: str, surface: str = "test") -> Context:
        """The context of a person by name; use it inside `use_workspace` of their workspace."""
        user = getattr(self, name)
        return context_for(User.objects.select_related("role").get(pk=user.pk), surface)

    @property
    def system(self) -> Context:
        """The system in the home workspace."""
        return system_context(self.home, "test")

    def client(self, name: str) -> Client:
        """A browser signed in as the person."""
        user = getattr(self, name)
        client = program()
        client.force_login(Account.objects.get(pk=user.account_id))
        return client

    def token(self, name: str) -> str:
        """An API token of the person."""
        user = getattr(self, name)
        with use_workspace(user.workspace_id):
            return create_token(user, "test")

    def api(self, name: str) -> Client:
        """A program with the person's token."""
        return program(headers={"authorization": f"Bearer {self.token(name)}", "accept": "application/json"})


_handler: ClientHandler | None = None


def program(**given: Any) -> Client:
    """A browser or program of its own. All share one row of middleware: Django's test client makes it anew for each, which
    took ten times as long as a short request."""
    global _handler
    client = Client(**given)
    if _handler is None:
        _handler = ClientHandler(enforce_csrf_checks=False)
    client.handler = _handler
    return client


@receiver(setting_changed)
def _make_anew(**_more: object) -> None:
    """Middleware reads settings when it is made."""
    global _handler
    _handler = None


def make_cast(tag: str = "") -> Cast:
    """Build the cast in two fresh workspaces."""
    tag = tag or uuid4().hex[:8]
    home, ana = create_workspace(
        "Fernhill", owner_name="Ana Silva", email=f"ana.{tag}@example.com", password=PASSWORD, time_zone="Europe/Dublin"
    )
    with use_workspace(home):
        ctx = system_context(home, "test")
        north, south = ctx.create("team", name="North"), ctx.create("team", name="South")
        ben = add_user(ctx, "Ben Moore", email=f"ben.{tag}@example.com", role_key="sales", password=PASSWORD, team=north.pk)
        cem = add_user(ctx, "Cem Aydin", email=f"cem.{tag}@example.com", role_key="sales", password=PASSWORD, team=south.pk)
        # The shipped sales role sees all customers; the cast shows team walls, so its view is narrowed to the team.
        role = Role.objects.get(key="sales")
        rights = {**role.rights, "customer": {**role.rights["customer"], "view": "team", "edit": "team"},
                  "activity": {**role.rights["activity"], "view": "team"}, "task": {**role.rights["task"], "view": "team"}}
        Role.objects.filter(pk=role.pk).update(rights=rights)
    away, dea = create_workspace(
        "Elsewhere", owner_name="Dea Lund", email=f"dea.{tag}@example.com", password=PASSWORD
    )
    return Cast(home, away, ana, ben, cem, dea)


@pytest.fixture
def cast(db: None) -> Iterator[Cast]:
    """The cast, with the home workspace in force."""
    made = cast_from_rows(make_cast)
    with use_workspace(made.home):
        yield made


@pytest.fixture
def committed_cast(transactional_db: None) -> Iterator[Cast]:
    """The cast, committed, so that other threads and processes see it."""
    made = cast_from_rows(make_cast)
    with use_workspace(made.home):
        yield made


def hide_group(cast: Cast, role_key: str, group: str) -> None:
    """Take a field group from a role."""
    role = Role.objects.get(key=role_key)
    Role.objects.filter(pk=role.pk).update(field_groups={k: v for k, v in role.field_groups.items() if k != group})


def first_stage_id() -> UUID:
    """The first open stage of the workspace in force."""
    from rapport.kernel.records.registry import registry

    stage = registry.get("stage").model
    return stage.objects.filter(outcome="open").order_by("position").values_list("pk", flat=True)[0]
