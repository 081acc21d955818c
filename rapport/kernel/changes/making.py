"""Making unsaved records: one, or thousands of a type, for which what is alike is worked out once."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from rapport.kernel.changes import values as v
from rapport.kernel.ids import id_at
from rapport.kernel.kinds.base import Kind
from rapport.kernel.kinds.lists import ManyKind
from rapport.kernel.kinds.text import Words
from rapport.kernel.records.field import Field
from rapport.kernel.records.model import Record
from rapport.kernel.records.registry import TypeInfo

if TYPE_CHECKING:
    from rapport.kernel.context import Context

#: Ways of keeping a value that put it into one column as it is.
_AS_IT_IS = (Kind.store, ManyKind.store, Words.store)


class Maker:
    """Makes records of one type, stamped with workspace, author and time, team of the owner and what follows from values."""

    def __init__(self, ctx: Context, info: TypeInfo, fields: dict[str, Field]) -> None:
        self.ctx, self.info, self.fields = ctx, info, fields
        at = v.now()
        plain, made = v.defaults_of(info.model)
        stamp = {"workspace_id": ctx.workspace.pk, "created_at": at, "updated_at": at, "created_by_id": ctx.actor_id}
        self.alike = {**plain, **stamp}
        self.own = [(name, make) for name, make in made if name not in stamp]
        columns = {k: f for k, f in fields.items() if f.source != "custom"}
        self.plain = {k: f.path for k, f in columns.items() if type(f.kind).store in _AS_IT_IS}

    def made(self, cleaned: dict[str, object]) -> Record:
        """An unsaved record with the cleaned values; they get the team of the owner where none is named."""
        is_owned = cleaned.get("owner") is not None and cleaned.get("team") is None and self.info.key != "user"
        if is_owned and (team := self.ctx.team_of(cleaned["owner"])) is not None:
            cleaned["team"] = team
        stored = self.alike.copy()
        for name, make in self.own:
            stored[name] = make()
        if isinstance(came := cleaned.get("created_at"), dt.datetime):
            # Only the system may say when a record came to be; ids sort by that moment, and "created" sorts by id.
            stored["id"] = id_at(came)
        for key, value in cleaned.items():
            path = self.plain.get(key)
            if path is not None and value is not None:
                stored[path] = value
                continue
            field = self.fields[key]
            if field.source == "custom":
                stored["custom"][field.place] = field.kind.to_json(value)  # type: ignore[index]
            else:
                stored.update(field.kind.store(value, field.path))
        record = v.record_of(self.info.model, stored)
        v.settle(self.ctx, self.info, record)
        return record
