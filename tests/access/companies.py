"""Drawn companies: teams, people who report to each other, roles, defaults, rules, shares and records, to be asked about."""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import dataclass, field

from rapport.kernel.access import rules
from rapport.kernel.access.models import Role, User
from rapport.kernel.access.setup import add_user
from rapport.kernel.access.sharing_models import EDIT, FULL, READ, Grant, SharingRule
from rapport.kernel.records.model import Record
from tests.cast import Cast

SCOPES = ["none", "own", "team", "below", "all"]


@dataclass
class Drawn:
    """What was drawn."""

    users: list[User] = field(default_factory=list)
    customers: list[Record] = field(default_factory=list)


class NoJob:
    """What a task is handed when a test runs it itself."""

    should_stop = False

    def __init__(self, workspace_id: object) -> None:
        self.workspace_id = workspace_id

    def progress(self, *args: object, **kwargs: object) -> None:
        """Nobody watches."""


def settle(cast: Cast, rule: Record) -> None:
    """Run the job that brings a rule's grants into line."""
    rules.settle_rule(NoJob(cast.home.pk), rule=str(rule.pk))  # type: ignore[arg-type]
    cast.home.refresh_from_db()


def draw(cast: Cast, seed: int, *, people: int = 7, customers: int = 12) -> Drawn:
    """One company; the same one for the same seed."""
    by, ctx, made = random.Random(seed), cast.system, Drawn()
    teams = [ctx.create("team", name=f"T{n}") for n in range(4)]
    for n, team in enumerate(teams[1:], 1):
        if by.random() < 0.7:
            ctx.write(team, parent=by.choice(teams[:n]).pk)
    roles = []
    for n in range(4):
        role = ctx.create("role", name=f"R{n}")
        verbs = {verb: by.choice(SCOPES) for verb in ("view", "edit", "delete", "export", "share", "reassign")}
        rights = {"customer": {**verbs, "create": "all", "view": by.choice([*SCOPES, "team", "below"])}, "user": {"view": "all"}, "team": {"view": "all"}}
        Role.objects.filter(pk=role.pk).update(rights=rights, field_groups={"customers.figures": by.choice(["hidden", "read", "edit"])}, key=f"r{seed}{n}")
        roles.append(f"r{seed}{n}")
    for n in range(people):
        given = {"team": by.choice(teams).pk} if by.random() < 0.8 else {}
        if made.users and by.random() < 0.6:
            given["reports_to"] = by.choice(made.users).pk
        made.users.append(add_user(ctx, f"P{n}", email=f"p{n}.{seed}@example.com", role_key=by.choice(roles), **given))
    if by.random() < 0.4:
        ctx.create("access_default", on_type="customer", reach=by.choice(["private", "team", "read", "write"]))
    for n in range(customers):
        owner = by.choice(made.users) if by.random() < 0.9 else None
        record = ctx.create(
            "customer", name=f"Customer {n:03d}", kind=by.choice(["company", "person"]), owner=owner.pk if owner else None,
            tags=[by.choice(["red", "blue"])], turnover=str(by.randrange(1000)), employees=by.randrange(100),
        )  # fmt: skip
        if by.random() < 0.3:
            ctx.write(record, team=by.choice(teams).pk)
        made.customers.append(record)
    for n in range(2):
        to = by.choice([{"to_role": Role.objects.get(key=by.choice(roles)).pk}, {"to_user": by.choice(made.users).pk},
                        {"to_team": by.choice(teams).pk, "with_below": by.random() < 0.5}])
        matching = by.choice(["tags has red", "kind is person", "employees > 50"])
        rule = ctx.create("sharing_rule", name=f"Rule {n}", on_type="customer", matching=matching, level=by.choice(["read", "edit"]), **to)
        settle(cast, rule)
        if by.random() < 0.2:
            ctx.write(SharingRule.objects.get(pk=rule.pk), is_active=False)
    now = dt.datetime.now(dt.UTC)
    for _n in range(4):
        until = by.choice([None, now + dt.timedelta(days=1), now - dt.timedelta(minutes=1)])
        Grant.objects.get_or_create(
            workspace=cast.home, type="customer", record_id=by.choice(made.customers).pk, principal=f"u:{by.choice(made.users).pk.hex}",
            cause=by.choice(["share", "member"]), rule_id=None,
            defaults={"level": by.choice([READ, EDIT, FULL]), "until": until, "created_at": now},
        )  # fmt: skip
    if by.random() < 0.5:
        User.objects.filter(pk=by.choice(made.users).pk).update(is_active=False)
        from rapport.kernel.access.chart import access_changed

        access_changed(cast.home)
    return made
