"""Finding the records that cells name, a batch at a time: one query for titles instead of one for each line."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import UUID

from django.db.models import Q
from django.utils.translation import gettext as _

from rapport.engines.imports.plan import Plan
from rapport.kernel.access import gate
from rapport.kernel.access.resolver import GateResolver
from rapport.kernel.context import Context
from rapport.kernel.errors import Invalid, RapportError
from rapport.kernel.ids import as_id, new_id
from rapport.kernel.query.compile import compile_filter
from rapport.kernel.query.models import IndexedValue
from rapport.kernel.query.text import parse as parse_filter
from rapport.kernel.records.field import Field
from rapport.kernel.records.registry import TypeInfo, registry
from rapport.kernel.text_folding import fold

Found = UUID | Invalid
#: Names remembered per field; a file of a million lines with as many names must not fill the memory.
_MOST = 50_000


@dataclass
class Coming:
    """What a file would make, while it is only checked: the titles by type, as hashes, which take little room."""

    titles: dict[str, set[int]] = field(default_factory=dict)
    stand_ins: dict[str, UUID] = field(default_factory=dict)

    def add(self, info: TypeInfo, title: object) -> None:
        """A record of this title will be there."""
        if isinstance(title, str):
            self.titles.setdefault(info.key, set()).add(hash(fold(title)[:200]))

    def holds(self, info: TypeInfo, text: str) -> bool:
        """Whether an earlier line makes one."""
        return hash(fold(text)[:200]) in self.titles.get(info.key, ())

    def stand_in(self, ctx: Context, info: TypeInfo) -> UUID:
        """An id that the checks of references take for a record of this type."""
        if info.key not in self.stand_ins:
            self.stand_ins[info.key] = new_id()
        resolver = ctx.cleaning().resolver
        if isinstance(resolver, GateResolver):
            resolver.saw(info.key, [self.stand_ins[info.key]])
        return self.stand_ins[info.key]


class References:
    """The references of one step: what each text means, asked set-wise and remembered."""

    def __init__(self, ctx: Context, plan: Plan, coming: Coming | None = None) -> None:
        self.ctx, self.plan = ctx, plan
        #: Set while a file is only checked: what its lines would make, and nothing is created.
        self.coming = coming
        self._known: dict[str, dict[str, Found]] = {}
        self.created = 0

    def learn(self, key: str, texts: Iterable[str]) -> None:
        """Find, or create where the mapping says so, every record that one of the texts names."""
        known = self._known.setdefault(key, {})
        if len(known) > _MOST:
            known.clear()
        wanted = {text for text in texts if text and text not in known}
        if not wanted:
            return
        one = self.plan.field(key)
        info = registry.get(one.to)
        found = self._look(key, one, info, wanted)
        for text in wanted:
            if text in found:
                known[text] = found[text]
            elif self.coming is not None and (stand_in := self._coming(key, info, text)):
                known[text] = stand_in
            elif key in self.plan.step.create_missing and self.coming is None:
                known[text] = self._create(info, text)
            else:
                known[text] = Invalid(
                    _("There is no %(type)s called “%(text)s” that you can see.") % {"type": info.label, "text": text[:60]},
                    code="unknown_reference",
                )

    def found(self, key: str, text: str) -> UUID:
        """What a text means; raises Invalid when it means nothing, or several records."""
        meant = self._known[key][text]
        if isinstance(meant, Invalid):
            raise meant
        return meant

    def forget_missing(self) -> None:
        """Forget what was not found: a batch was just written that may have brought it."""
        for known in self._known.values():
            for text in [text for text, meant in known.items() if isinstance(meant, Invalid)]:
                del known[text]

    def _look(self, key: str, field: Field, info: TypeInfo, texts: set[str]) -> dict[str, Found]:
        """By id, then by title, then by external id, then by e-mail address."""
        rows = gate.visible(self.ctx, info)
        if field.only:
            rows = rows.filter(compile_filter(self.ctx, info, parse_filter(field.only)))
        if key in self.plan.only:
            rows = rows.filter(compile_filter(self.ctx, info, self.plan.only[key]))
        found: dict[str, Found] = {}
        by_id = {ident: text for text in texts if len(text) == 36 and (ident := as_id(text))}
        if by_id:
            found |= {by_id[pk]: pk for pk in rows.filter(pk__in=by_id).values_list("pk", flat=True)}
        titles = {text: fold(text)[:200] for text in texts if text not in found}
        self._collect(found, info, titles, rows.filter(title_key__in=set(titles.values())).values_list("title_key", "pk"))
        rest = {text: text[:100] for text in texts if text not in found}
        if rest:
            self._collect(found, info, rest, rows.filter(external_id__in=rest.values()).values_list("external_id", "pk"))
        mails = {text: text.casefold() for text in texts if text not in found and "@" in text}
        if mails:
            keys = IndexedValue.objects.filter(workspace_id=self.ctx.workspace.pk, type=info.key, key__in=mails.values())
            pairs = list(keys.values_list("key", "record_id"))
            seen = set(rows.filter(Q(pk__in=[pk for _key, pk in pairs])).values_list("pk", flat=True))
            self._collect(found, info, mails, ((one, pk) for one, pk in pairs if pk in seen))
        return found

    @staticmethod
    def _collect(
        found: dict[str, Found], info: TypeInfo, wanted: dict[str, str], pairs: Iterable[tuple[str, UUID]]
    ) -> None:
        hits: dict[str, set[UUID]] = {}
        for name, pk in pairs:
            hits.setdefault(name, set()).add(pk)
        for text, name in wanted.items():
            ids = hits.get(name, set())
            if len(ids) == 1:
                found[text] = next(iter(ids))
            elif ids:
                found[text] = Invalid(
                    _("Several %(plural)s are called “%(text)s”; write the e-mail address or the external id.")
                    % {"plural": info.plural, "text": text[:60]},
                    code="ambiguous",
                )

    def _coming(self, key: str, info: TypeInfo, text: str) -> UUID | None:
        """What stands for a record that the import would have made by then."""
        assert self.coming is not None
        would_create = key in self.plan.step.create_missing and gate.allows(self.ctx, info, "create")
        if not would_create and not self.coming.holds(info, text):
            return None
        self.created += would_create
        return self.coming.stand_in(self.ctx, info)

    def _create(self, info: TypeInfo, text: str) -> Found:
        """A record with nothing but its title (and, for somebody named by e-mail, the address)."""
        values: dict[str, object] = {info.declared.title: text}
        mail = next((k for k, f in info.fields.items() if f.kind.key in ("one_email", "email")), "")
        if "@" in text and mail:
            values = {info.declared.title: text.partition("@")[0], mail: text}
        try:
            made = self.ctx.create(info.key, **values)
        except RapportError as wrong:
            return Invalid(
                _("%(type)s “%(text)s” could not be created: %(why)s")
                % {"type": str(info.label).capitalize(), "text": text[:60], "why": wrong.sentence}
            )
        self.created += 1
        return made.pk
