"""Finding the record a person means: by id, title, e-mail address or external id, always through the viewer's gate."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from django.db.models import Q
from django.utils.translation import gettext as _

from rapport.kernel.access import gate
from rapport.kernel.errors import Invalid
from rapport.kernel.query.models import IndexedValue
from rapport.kernel.records.registry import TypeInfo, registry
from rapport.kernel.text_folding import fold

if TYPE_CHECKING:
    from rapport.kernel.context import Context


class GateResolver:
    """Resolves references for one context; remembers what it found, so that an import asks once per name."""

    def __init__(self, ctx: Context) -> None:
        self.ctx = ctx
        self._found: dict[tuple[str, str], UUID | None] = {}
        # Everybody knows themselves, whatever their role says about users: "owner is me" must work for all.
        me = ctx.viewer.user_id
        self._seen: set[tuple[str, UUID]] = {("user", me)} if me else set()

    def exists(self, type_key: str, ids: Sequence[UUID]) -> set[UUID]:
        """Those ids that the viewer may see."""
        if len(ids) == 1 and (type_key, ids[0]) in self._seen:
            return {ids[0]}
        unknown = [i for i in ids if (type_key, i) not in self._seen]
        if unknown:
            rows = gate.visible(self.ctx, registry.get(type_key)).filter(pk__in=unknown).values_list("pk", flat=True)
            self._seen |= {(type_key, pk) for pk in rows}
        return {i for i in ids if (type_key, i) in self._seen}

    def saw(self, type_key: str, ids: Sequence[UUID]) -> None:
        """Remember records that were just written and that the viewer may see for certain."""
        self._seen |= {(type_key, pk) for pk in ids}

    def file(self, key: str) -> dict[str, object] | None:
        """The facts of a stored file that the viewer may put on a record; None as for an unknown key."""
        from rapport.kernel.files.reach import attachable_file

        return attachable_file(self.ctx, key)

    def find(self, type_key: str, text: str) -> UUID | None:
        """The one record with this title, e-mail or external id; None for none. Raises Invalid when several match."""
        key = (type_key, fold(text))
        if key not in self._found:
            self._found[key] = self._look(registry.get(type_key), text)
        return self._found[key]

    def prime(self, type_key: str, texts: Sequence[str]) -> None:
        """Look up many titles at once (one query), before an import resolves them row by row."""
        info = registry.get(type_key)
        folded = {fold(t)[:200] for t in texts if t} - {k for t, k in self._found if t == type_key}
        hits: dict[str, list[UUID]] = {}
        if folded:
            rows = gate.visible(self.ctx, info).filter(title_key__in=folded).values_list("title_key", "pk")
            for title_key, pk in rows:
                hits.setdefault(title_key, []).append(pk)
        for title_key, ids in hits.items():
            if len(ids) == 1:
                self._found[(type_key, title_key)] = ids[0]
                self._seen.add((type_key, ids[0]))

    def forget(self, type_key: str) -> None:
        """Forget what was not found of a type (new records were just written)."""
        self._found = {k: v for k, v in self._found.items() if k[0] != type_key or v is not None}

    def _look(self, info: TypeInfo, text: str) -> UUID | None:
        rows = gate.visible(self.ctx, info)
        folded = fold(text)[:200]
        if not folded:
            return None
        found = set(rows.filter(title_key=folded).values_list("pk", flat=True)[:2])
        if not found:
            found = set(rows.filter(Q(external_id=text.strip())).values_list("pk", flat=True)[:2])
        if not found and "@" in text:
            found = self._by_email(info, rows, text)
        if len(found) > 1:
            raise Invalid(
                _("Several %(plural)s are called “%(text)s”; use the e-mail address or the external id.")
                % {"plural": info.plural, "text": text[:60]},
                code="ambiguous",
            )
        return next(iter(found), None)

    def _by_email(self, info: TypeInfo, rows: object, text: str) -> set[UUID]:
        address = text.strip().casefold()
        if info.key == "user":
            return set(rows.filter(email__iexact=address).values_list("pk", flat=True)[:2])  # type: ignore[attr-defined]
        keys = IndexedValue.objects.filter(workspace_id=self.ctx.workspace.pk, type=info.key, key=address)
        return set(rows.filter(pk__in=keys.values("record_id")).values_list("pk", flat=True)[:2])  # type: ignore[attr-defined]
