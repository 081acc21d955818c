"""Who may see a file and who may put it on a record: always decided by a record, or by the receipt of its upload."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rapport.kernel.access import gate
from rapport.kernel.files.models import FileUpload
from rapport.kernel.files.store import facts_of
from rapport.kernel.query.models import IndexedValue
from rapport.kernel.records.registry import registry

if TYPE_CHECKING:
    from rapport.kernel.context import Context


def visible_file(ctx: Context, key: str) -> dict[str, object] | None:
    """The facts of a file on a record and in a field that the viewer may see, else None."""
    for info in registry.all():
        for one in gate.fields(ctx, info).values():
            if one.kind.key != "file":
                continue
            holders = IndexedValue.objects.filter(workspace_id=ctx.workspace.pk, type=info.key, field=one.key, key=key)
            rows = gate.visible(ctx, info).filter(pk__in=holders.values("record_id"))
            found = rows.values_list(one.path, flat=True).first()
            if isinstance(found, dict) and found.get("key") == key:
                return found
    return None


def attachable_file(ctx: Context, key: str) -> dict[str, object] | None:
    """The facts of a file that the viewer may put on a record, as we know them; else None, as for an unknown key.

    Whoever merely knows a key gets nothing by it: the uploader may, and whoever sees a record that holds the file.
    """
    receipt = FileUpload.objects.filter(workspace_id=ctx.workspace.pk, key=key).first()
    is_own = receipt is not None and receipt.uploader_id is not None and receipt.uploader_id == ctx.viewer.user_id
    if receipt is not None and (is_own or ctx.viewer.is_system):
        return facts_of(receipt)
    seen = visible_file(ctx, key)
    if seen is None:
        return None
    return facts_of(receipt) if receipt is not None else seen  # files of before there were receipts
