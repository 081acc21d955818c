"""The sample workspace itself: company, teams, people who can sign in, its own fields, exchange rates; and more customers."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Callable
from decimal import Decimal
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from rapport.engines.sample.articles import put_articles
from rapport.engines.sample.fill import Progress, fill
from rapport.engines.sample.trades import COMPANY, DOMAIN, TEAMS, USERS
from rapport.kernel.access import gate
from rapport.kernel.access.current import use_workspace
from rapport.kernel.access.models import Account, User, Workspace
from rapport.kernel.access.setup import add_user, create_workspace
from rapport.kernel.context import Context, system_context
from rapport.kernel.errors import Refused
from rapport.kernel.records.registry import registry

SignIn = tuple[str, str, str]
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"


def make_sample_workspace(
    customers: int = 1_000, seed: int = 1, *, today: dt.date | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> tuple[Workspace, list[SignIn]]:  # fmt: skip
    """A new sample workspace, and (name, e-mail, password) of everybody who can sign in; passwords are random and
    known here only."""
    domain = _free_domain()
    people = {key: (name, f"{name.split()[0].lower()}@{domain}", _password()) for key, name, *_more in USERS}
    with transaction.atomic():
        workspace, owner = create_workspace(
            COMPANY, owner_name=people["owner"][0], email=people["owner"][1], password=people["owner"][2], currency="EUR",
            country="IE", time_zone="Europe/Dublin", is_sample=True,
        )  # fmt: skip
        with use_workspace(workspace):
            _staff(system_context(workspace, "sample"), owner, people)
            ctx = system_context(workspace, "sample")
            put_articles(ctx, owner.pk, today or ctx.format.today)
    fill_sample_workspace(workspace, customers, seed, today=today, progress=progress)
    return workspace, list(people.values())


def fill_sample_workspace(
    workspace: Workspace, customers: int, seed: int, *, today: dt.date | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> Progress:  # fmt: skip
    """Add customers to a sample workspace. Refused for a real one: its data is nobody's plaything."""
    if not workspace.is_sample:
        raise Refused(_("This workspace holds real data; a sample goes into a workspace of its own."))
    with use_workspace(workspace):
        by_name = {user.name: user.pk for user in gate.visible(system_context(workspace, "sample"), registry.get("user"))}
    someone = next(iter(by_name.values()))
    owners: dict[str, UUID] = {key: by_name.get(name, someone) for key, name, *_more in USERS}
    return fill(workspace, customers, seed=seed, owners=owners, today=today, progress=progress)


def newest_sample_workspace() -> Workspace | None:
    """The sample workspace that was made last."""
    return Workspace.objects.filter(is_sample=True).order_by("-created_at").first()


def _password() -> str:
    return "-".join("".join(secrets.choice(_LETTERS) for _n in range(4)) for _part in range(4))


def _free_domain() -> str:
    """The company's domain, numbered when an earlier sample has taken its addresses."""
    number, domain = 1, DOMAIN
    while Account.objects.filter(email__endswith=f"@{domain}").exists():
        number += 1
        domain = DOMAIN.replace(".", f"-{number}.", 1)
    return domain


def _staff(ctx: Context, owner: User, people: dict[str, SignIn]) -> None:
    """Teams, users with roles, the company's own fields, exchange rates."""
    teams = {}
    for name, parent, _manager in TEAMS:
        teams[name] = ctx.create("team", name=name, parent=teams[parent].pk if parent else None)
    users = {"owner": owner}
    for key, name, role, team, language in USERS[1:]:
        boss = "management" if key in ("north", "south", "partners") else "owner"
        users[key] = add_user(
            ctx, name, email=people[key][1], role_key=role, password=people[key][2], language=language,
            team=teams[team].pk if team else None, reports_to=users[boss].pk,
        )  # fmt: skip
    for name, _parent, manager in TEAMS:
        ctx.write(teams[name], manager=users[manager].pk)
    ctx.create("custom_field", on_type="customer", label="Home airfield", kind="text", position=10)
    ctx.create("custom_field", on_type="customer", label="Aircraft in the fleet", kind="number", position=20)
    start = ctx.format.today - dt.timedelta(days=365)
    for currency, rate in (("GBP", "1.164"), ("CHF", "1.068"), ("USD", "0.861"), ("SEK", "0.091")):
        ctx.create("exchange_rate", currency=currency, on_date=start, rate=Decimal(rate))
