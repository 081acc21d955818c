"""Addresses of the API, included at /api/v1/."""

from __future__ import annotations

from django.urls import path, re_path

from rapport.surfaces.api import (
    access,
    audit,
    batch,
    calls,
    describe,
    doubles,
    duplicates,
    feed,
    imports,
    kinds,
    lists,
    records,
    upserts,
    webhooks,
)
from rapport.surfaces.api.entry import endpoint, nothing_here
from rapport.surfaces.api.openapi import document

_ONE = "<slug:type_key>/<str:record_id>"

urlpatterns = [
    path("", endpoint(get=describe.index)),
    path("audit", endpoint(get=audit.read_audit)),
    path("batch", endpoint(post=batch.run)),
    path("calls", endpoint(post=calls.tell)),
    path("changes", endpoint(get=feed.read_feed)),
    path("openapi.json", endpoint(get=document.read)),
    path("search", endpoint(get=lists.find)),
    path("imports", endpoint(get=imports.read_all, post=imports.upload)),
    path("imports/<uuid:run_id>", endpoint(get=imports.read, patch=imports.change, delete=imports.forget_one)),
    path("imports/<uuid:run_id>/rows", endpoint(get=imports.read_rows)),
    path("imports/<uuid:run_id>/rows/<int:line>", endpoint(patch=imports.mend_row)),
    path("imports/<uuid:run_id>/rejected", endpoint(get=imports.read_rejected)),
    path("imports/<uuid:run_id>/<slug:what>", endpoint(post=imports.act)),
    path("duplicates", endpoint(get=duplicates.read_pairs)),
    path("duplicates/<int:pair_id>/apart", endpoint(post=duplicates.part)),
    path("duplicates/groups", endpoint(get=doubles.read_groups)),
    path("duplicates/groups/<int:pair_id>/merge", endpoint(post=doubles.merge_group)),
    path("duplicates/groups/<int:pair_id>/apart", endpoint(post=doubles.part_member)),
    path("duplicates/among", endpoint(get=doubles.read_kin)),
    path("duplicates/among/<int:pair_id>/apart", endpoint(post=doubles.part_kin)),
    path("<slug:type_key>", endpoint(get=lists.read_list, post=lists.create)),
    path("webhook/<str:record_id>/secret", endpoint(post=webhooks.make_secret)),
    path("webhook/<str:record_id>/deliveries", endpoint(get=webhooks.read_deliveries)),
    path("custom_field/<str:record_id>/kind", endpoint(get=kinds.read)),
    path("<slug:type_key>/by/<slug:field_key>/<path:value>", endpoint(put=upserts.put)),
    path(_ONE, endpoint(get=records.read, patch=records.change, delete=records.delete)),
    path(f"{_ONE}/restore", endpoint(post=records.restore)),
    path(f"{_ONE}/history", endpoint(get=records.read_history)),
    path(f"{_ONE}/access", endpoint(get=access.read, post=access.share)),
    path(f"{_ONE}/access/<int:grant_id>", endpoint(delete=access.unshare)),
    path(f"{_ONE}/merge", endpoint(post=duplicates.merge)),
    path(f"{_ONE}/unmerge", endpoint(post=duplicates.unmerge)),
    path(f"{_ONE}/<slug:part_key>", endpoint(get=lists.read_related, post=records.act)),
    re_path(r"^(?P<rest>.*)$", nothing_here),
]
