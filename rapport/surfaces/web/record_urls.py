"""Addresses of record pages, forms, actions, composer and board; the same for every record type."""

from __future__ import annotations

from django.urls import path

from rapport.surfaces.web import (
    access_page,
    action_page,
    board,
    board_lanes,
    board_move,
    composer,
    conditions,
    data_page,
    foreign_page,
    form,
    grid,
    inline,
    merge_page,
    network,
    peek,
    record,
)

_ONE = "<slug:type_key>/<uuid:record_id>"

urlpatterns = [
    path("<slug:type_key>/new", form.create, name="record-new"),
    path("<slug:type_key>/board", board.page, name="board"),
    path("<slug:type_key>/board/column/<uuid:column_id>", board.column, name="board-column"),
    path("<slug:type_key>/board/move", board_move.move, name="board-move"),
    path("<slug:type_key>/board/ask", board_move.ask, name="board-ask"),
    path("<slug:type_key>/board/lane", board_lanes.lane, name="board-lane"),
    path("<slug:type_key>/conditions", conditions.conditions, name="conditions"),
    path(f"{_ONE}/conditions", conditions.conditions, name="record-conditions"),
    path(_ONE, record.page, name="record"),
    path(f"{_ONE}/edit", form.edit, name="record-edit"),
    path(f"{_ONE}/field/<slug:key>", inline.field, name="record-field"),
    path(f"{_ONE}/cell/<slug:key>", grid.cell, name="record-cell"),
    path(f"{_ONE}/peek", peek.peek, name="record-peek"),
    path(f"{_ONE}/do/<slug:action_key>", action_page.do, name="record-do"),
    path(f"{_ONE}/delete", record.delete, name="record-delete"),
    path(f"{_ONE}/restore", record.restore, name="record-restore"),
    path(f"{_ONE}/timeline", record.timeline, name="record-timeline"),
    path(f"{_ONE}/html", foreign_page.whole, name="record-html"),
    path(f"{_ONE}/network", network.network, name="record-network"),
    path(f"{_ONE}/history", record.history_page, name="record-history"),
    path(f"{_ONE}/access", access_page.access, name="record-access"),
    path(f"{_ONE}/share", access_page.share, name="record-share"),
    path(f"{_ONE}/unshare", access_page.unshare, name="record-unshare"),
    path(f"{_ONE}/data", data_page.data, name="record-data"),
    path(f"{_ONE}/data.zip", data_page.download, name="record-data-zip"),
    path(f"{_ONE}/merge/<uuid:other_id>", merge_page.merge, name="record-merge"),
    path(f"{_ONE}/add/<slug:other_key>", form.add_related, name="record-add"),
    path(f"{_ONE}/live", record.live, name="record-live"),
    path(f"{_ONE}/compose", composer.compose, name="record-compose"),
]
