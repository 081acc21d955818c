"""The batteries that every shipped type gets run over a type of the company's own too, with every kind of own field."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from rapport.kernel.access.current import use_workspace
from rapport.kernel.context import context_for
from rapport.kernel.records.registry import TypeInfo, registry
from tests import test_batteries as batteries
from tests.access import test_matrix as matrix
from tests.api import test_records as api
from tests.cast import Cast

FIELDS = [
    {"label": "Customer", "kind": "reference", "to_type": "customer"}, {"label": "Budget", "kind": "number", "is_fast": True},
    {"label": "Worth", "kind": "money"}, {"label": "State", "kind": "choice", "choices": "Idea\nDone", "is_fast": True},
    {"label": "Code", "kind": "text", "is_unique": True, "is_fast": True, "in_search": True}, {"label": "Body", "kind": "longtext"},
    {"label": "Day", "kind": "date", "is_fast": True}, {"label": "Moment", "kind": "datetime"}, {"label": "Sure", "kind": "yesno"},
    {"label": "Phones", "kind": "phone"}, {"label": "Mails", "kind": "email"}, {"label": "Site", "kind": "web"},
    {"label": "Where", "kind": "address"}, {"label": "Labels", "kind": "tags"}, {"label": "Guardian", "kind": "user"},
    {"label": "Share", "kind": "percent"}, {"label": "Crew", "kind": "team"},
]  # fmt: skip


@pytest.fixture
def info(cast: Cast) -> TypeInfo:
    """A type with all sorts of fields; the sales role sees its team's, as of customers."""
    with use_workspace(cast.away):
        dea = context_for(cast.dea, "test")
        dea.create("custom_type", name="Project", plural="Projects")
        for field in FIELDS:
            dea.create("custom_field", on_type="x_project", **field)
    ana = cast.ctx("ana")
    ana.create("custom_type", name="Project", plural="Projects", open_to="nobody")
    for field in FIELDS:
        ana.create("custom_field", on_type="x_project", **field)
    cast.home.refresh_from_db()
    cast.away.refresh_from_db()
    role = registry.get("role").model.objects.get(key="sales")
    cast.ctx("ana").as_system("test").write(role, rights={**role.rights, "x_project": role.rights["customer"]})
    cast.ctx("ana")
    return registry.get("x_project")


OVER_TYPES = [
    batteries.test_owner_creates_reads_changes_deletes_restores, batteries.test_every_sort_walks_every_row_once,
    batteries.test_every_field_takes_each_of_its_operators, batteries.test_a_record_behind_the_wall_cannot_be_pointed_at,
    batteries.test_another_workspace_is_not_there, batteries.test_bookkeeping_columns_cannot_be_set,
    batteries.test_two_people_saving_one_record, batteries.test_diffs_are_json, batteries.test_values_survive_a_round_trip,
    api.test_every_type_lives_its_life, matrix.test_nobody_hands_a_record_to_a_stranger,
]  # fmt: skip


@pytest.mark.parametrize("battery", OVER_TYPES, ids=lambda one: one.__name__)
def test_an_own_type_passes_the_batteries(cast: Cast, info: TypeInfo, battery: Callable[[Cast, TypeInfo], None]) -> None:
    """With no line of code for it."""
    battery(cast, info)


@pytest.mark.parametrize(
    "battery", [matrix.test_every_way_to_a_record, matrix.test_every_list_of_a_type], ids=lambda one: one.__name__
)
def test_an_own_type_passes_the_access_matrix(
    cast: Cast, info: TypeInfo, battery: Callable[..., None], record_property: pytest.RecordProperty
) -> None:
    """Every person, surface and verb."""
    battery(cast, info, record_property)


@pytest.mark.parametrize("who", ["ben", "cem"])
def test_the_team_wall_holds_for_an_own_type(cast: Cast, info: TypeInfo, who: str) -> None:
    """On every read."""
    batteries.test_a_team_wall_holds_on_every_read(cast, info, who)
