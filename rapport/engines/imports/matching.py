"""Which record a line is about: set-wise by the keys of the mapping, so that importing again makes no doubles."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from django.db.models import Q
from django.utils.translation import gettext as _

from rapport.engines.imports.mapping import ID
from rapport.engines.imports.models import ImportedLine
from rapport.engines.imports.plan import Plan
from rapport.kernel.access import gate
from rapport.kernel.changes.bulk import insert_rows
from rapport.kernel.changes.values import read_value
from rapport.kernel.context import Context
from rapport.kernel.errors import Invalid
from rapport.kernel.ids import as_id
from rapport.kernel.query.models import IndexedValue
from rapport.kernel.records.field import Field
from rapport.kernel.records.model import Record
from rapport.kernel.text_folding import fold

#: One way to recognise a record: the match key it belongs to, and the value.
Key = tuple[str, object]
_INDEXED = ("email", "phone", "domain")
#: Values that compare in SQL as they do here.
_PLAIN = (str, int, UUID, dt.date)


class Matcher:
    """Finds the records of a batch of lines by the plan's match keys, the first key that knows a line deciding."""

    def __init__(self, ctx: Context, plan: Plan) -> None:
        self.ctx, self.plan, self.info = ctx, plan, plan.info
        self.names = {key: "+".join(key) for key in plan.match}
        self.by_line = not plan.match

    def keys(self, values: Mapping[str, object], cells: Sequence[str], line_hash: str) -> list[Key]:
        """The keys of one line, in the order in which they decide."""
        if self.by_line:
            return [("line", line_hash)]
        found: list[Key] = []
        for key in self.plan.match:
            found += [(self.names[key], one) for one in self._values_of(key, values, cells)]
        return found

    def _values_of(self, key: tuple[str, ...], values: Mapping[str, object], cells: Sequence[str]) -> list[object]:
        if key == (ID,):
            text = cells[self.plan.id_at].strip()
            return [text] if text else []
        if key[0] in _INDEXED and key[0] not in self.plan.sources:
            return list(self._indexed(key[0], values))
        parts = [self._comparable(name, values.get(name)) for name in key]
        return [] if any(part is None for part in parts) else [tuple(parts)]

    def _indexed(self, name: str, values: Mapping[str, object]) -> Iterable[str]:
        """Normalised keys of the value index: addresses, phone numbers with country, domains as "@domain"."""
        for key, value in values.items():
            source = self.plan.sources.get(key)
            if source is None or value is None:
                continue
            kind = source.field.kind
            if name == "email" and kind.key in ("email", "one_email"):
                yield from (one for one in kind.index_keys(value) if not one.startswith("@"))
            elif name == "phone" and kind.key == "phone":
                yield from (entry["value"].lstrip("+") for entry in value)  # type: ignore[attr-defined]
            elif name == "domain" and kind.key in ("email", "one_email"):
                yield from (one for one in kind.index_keys(value) if one.startswith("@"))
            elif name == "domain" and kind.key == "web":
                yield from (f"@{one.removeprefix('@')}" for one in kind.index_keys(value))

    def _comparable(self, name: str, value: object) -> object:
        """A value as it is compared: titles without case and accents, everything else exactly."""
        if isinstance(value, str) and name == self.info.declared.title:
            return fold(value)[:200]
        return value if value is None or isinstance(value, _PLAIN) else str(value)

    # -- looking ------------------------------------------------------------------------------------------------

    def find(self, wanted: Sequence[Sequence[Key]]) -> list[UUID | Invalid | None]:
        """The record of each line, None for a new one, Invalid where a key fits several records."""
        hits: dict[Key, set[UUID]] = {}
        by_name: dict[str, set[object]] = {}
        for keys in wanted:
            for name, value in keys:
                by_name.setdefault(name, set()).add(value)
        for name, values in by_name.items():
            for value, pk in self._look(name, values):
                hits.setdefault((name, value), set()).add(pk)
        return [self._decide(keys, hits) for keys in wanted]

    def _decide(self, keys: Sequence[Key], hits: Mapping[Key, set[UUID]]) -> UUID | Invalid | None:
        for key in keys:
            ids = hits.get(key, set())
            if len(ids) == 1:
                return next(iter(ids))
            if len(ids) > 1:
                shown = key[1] if isinstance(key[1], str) else ", ".join(str(p) for p in key[1])  # type: ignore[attr-defined]
                return Invalid(
                    _("%(count)d %(plural)s have the %(key)s “%(value)s”; join them or take another match key.")
                    % {"count": len(ids), "plural": self.info.plural, "key": key[0], "value": str(shown)[:60]},
                    code="several",
                )
            if key[0] == ID:
                return Invalid(_("There is no %(type)s with this id that you can see.") % {"type": self.info.label})
        return None

    def _look(self, name: str, values: set[object]) -> Iterable[tuple[object, UUID]]:
        rows = gate.visible(self.ctx, self.info)
        if name == "line":
            marks = ImportedLine.objects.filter(workspace_id=self.ctx.workspace.pk, type=self.info.key, key__in=values)
            pairs = list(marks.values_list("key", "record_id"))
            seen = self._alive([pk for _key, pk in pairs])
            return [(key, pk) for key, pk in pairs if pk in seen]
        if name == ID:
            ids = {ident: text for text in values if (ident := as_id(text))}
            return [(ids[pk], pk) for pk in rows.filter(pk__in=ids).values_list("pk", flat=True)]
        if name in _INDEXED and name not in self.plan.sources:
            return self._look_indexed(name, values)
        key = next(k for k, n in self.names.items() if n == name)
        return self._look_equal(key, values)

    def _look_indexed(self, name: str, values: set[object]) -> Iterable[tuple[object, UUID]]:
        kinds = {"email": ("email", "one_email"), "phone": ("phone",), "domain": ("email", "one_email", "web")}[name]
        fields = [f.key for f in self.info.fields.values() if f.kind.key in kinds]
        bare = {str(v).removeprefix("@"): v for v in values} if name == "domain" else {}
        index = IndexedValue.objects.filter(
            workspace_id=self.ctx.workspace.pk, type=self.info.key, field__in=fields, key__in=[*values, *bare]
        )
        pairs = [(bare.get(key, key), pk) for key, pk in index.values_list("key", "record_id")]
        seen = self._alive([pk for _key, pk in pairs])
        return [(key, pk) for key, pk in pairs if pk in seen]

    def _alive(self, ids: list[UUID]) -> set[UUID]:
        return set(gate.visible(self.ctx, self.info).filter(pk__in=ids).values_list("pk", flat=True)) if ids else set()

    def _look_equal(self, key: tuple[str, ...], values: set[object]) -> Iterable[tuple[object, UUID]]:
        """Records whose fields equal the values; the first field narrows in SQL, the rest is compared here."""
        fields = [self._field(name) for name in key]
        first = {value[0] for value in values}  # type: ignore[index]
        rows = gate.visible(self.ctx, self.info).filter(self._narrowed(fields[0], first))
        for record in rows.iterator(2000):
            found = tuple(self._comparable(f.key, read_value(record, f)) for f in fields)
            if found in values:
                yield found, record.pk

    def _field(self, name: str) -> Field:
        return self.plan.sources[name].field if name in self.plan.sources else gate.fields(self.ctx, self.info)[name]

    def _narrowed(self, field: Field, wanted: set[object]) -> Q:
        if field.key == self.info.declared.title:
            return Q(title_key__in=wanted)
        if field.kind.many or not all(isinstance(one, _PLAIN) for one in wanted):
            return ~field.kind.is_empty(field.path)
        stored = [field.kind.to_json(one) for one in wanted] if field.source == "custom" else wanted
        return Q(**{f"{field.path}__in": stored})

    # -- remembering --------------------------------------------------------------------------------------------

    def remember(self, made: Sequence[tuple[str, Record | UUID]]) -> None:
        """Keep the hashes of lines that have no other key, with the records they became."""
        if self.by_line and made:
            space = self.ctx.workspace.pk
            rows = [(space, self.info.key, key, getattr(record, "pk", record)) for key, record in made]
            insert_rows(ImportedLine, ("workspace_id", "type", "key", "record_id"), rows)
