"""Every address of Rapport, reviewed by hand: a URL pattern that is not named here fails the tests of this folder.

Each row says how the address is reached and who may come without signing in. The generated tests fill in values from the
registry, so a new record type needs nothing here, and a new URL pattern needs exactly one line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from django.urls import URLPattern, URLResolver, get_resolver

from rapport.kernel.actions.registry import actions_of
from rapport.kernel.records.registry import TypeInfo, registry


@dataclass(frozen=True)
class Reviewed:
    """One reviewed URL pattern: its methods, and what it is about ("one" record, a "type", "page" of its own)."""

    methods: str
    about: str = "page"
    is_public: bool = False


_TYPE, _ONE = "<slug:type_key>/", "<slug:type_key>/<uuid:record_id>"
_API, _API_ONE = "api/v1/", "api/v1/<slug:type_key>/<str:record_id>"

#: Every URL pattern of the installation. Whoever adds one decides here, in review, whether strangers may come.
REVIEWED: dict[str, Reviewed] = {
    "livez": Reviewed("GET", is_public=True),
    "readyz": Reviewed("GET", is_public=True),
    "sign-in/": Reviewed("GET POST", is_public=True),
    "sign-in/ways": Reviewed("POST", is_public=True),
    "sign-in/code": Reviewed("GET POST", is_public=True),
    "sign-in/passkey": Reviewed("POST", is_public=True),
    "sign-in/passkey/options": Reviewed("POST", is_public=True),
    "sign-in/forgot": Reviewed("GET POST", is_public=True),
    "sign-in/reset/<str:uid>/<str:token>": Reviewed("GET POST", is_public=True),
    "sign-in/invitation/<str:secret>": Reviewed("GET POST", is_public=True),
    "sign-in/sso/<uuid:workspace_id>": Reviewed("GET", is_public=True),
    "sign-in/sso/<uuid:workspace_id>/callback": Reviewed("GET", is_public=True),
    "sign-in/link/<str:secret>": Reviewed("GET POST", is_public=True),
    "setup/<str:secret>": Reviewed("GET POST", is_public=True),
    "manifest.webmanifest": Reviewed("GET", is_public=True),
    "sw.js": Reviewed("GET", is_public=True),
    "offline": Reviewed("GET", is_public=True),
    # Help centres: the shelf only, and only of a workspace that switched it on (tests/publishing).
    "robots.txt": Reviewed("GET", is_public=True),
    "help/<str:site_slug>/": Reviewed("GET", is_public=True),
    "help/<str:site_slug>/picture/<str:key>": Reviewed("GET", is_public=True),
    "help/<str:site_slug>/sitemap.xml": Reviewed("GET", is_public=True),
    "help/<str:site_slug>/<slug:language>/": Reviewed("GET", is_public=True),
    "help/<str:site_slug>/<slug:language>/search": Reviewed("GET", is_public=True),
    "help/<str:site_slug>/<slug:language>/suggest": Reviewed("GET", is_public=True),
    "help/<str:site_slug>/<slug:language>/note": Reviewed("POST", is_public=True),
    "help/<str:site_slug>/<slug:language>/topic/<str:slug>": Reviewed("GET", is_public=True),
    "help/<str:site_slug>/<slug:language>/article/<str:slug>": Reviewed("GET", is_public=True),
    "help/<str:site_slug>/<slug:language>/article/<str:slug>/vote": Reviewed("POST", is_public=True),
    "help/<str:site_slug>/<slug:language>/article/<str:slug>/end": Reviewed("POST", is_public=True),
    # Web forms: strangers write, and are shown a copy of the questions (tests/webforms).
    "form/<str:key>": Reviewed("GET POST", is_public=True),
    "form/<str:key>/sent": Reviewed("GET", is_public=True),
    "form/<str:key>/frame": Reviewed("GET POST", is_public=True),
    "form/<str:key>/frame/sent": Reviewed("GET", is_public=True),
    "form/confirm/<str:token>": Reviewed("GET POST", is_public=True),
    # Booking pages: strangers see when there is room, and with the secret address of a booking move it (tests/meetings).
    "book/<str:key>": Reviewed("GET", is_public=True),
    "book/<str:key>/at": Reviewed("GET POST", is_public=True),
    "booking/<str:token>": Reviewed("GET POST", is_public=True),
    "booking/<str:token>/move": Reviewed("GET POST", is_public=True),
    # Live chat: visitors of other sites; the secret of a conversation is the key (tests/chat).
    "chat/<str:key>.js": Reviewed("GET", is_public=True),
    "chat/<str:key>/frame": Reviewed("GET", is_public=True),
    "chat/<str:key>/begin": Reviewed("POST", is_public=True),
    "chat/<str:key>/lines": Reviewed("POST", is_public=True),
    "chat/<str:key>/say": Reviewed("POST", is_public=True),
    "chat/<str:key>/end": Reviewed("POST", is_public=True),
    "chat/<str:key>/stream/<str:token>": Reviewed("GET", is_public=True),
    # Whoever may see the ticket of a conversation (tests/chat).
    "talks/<uuid:talk_id>/stream": Reviewed("GET"),
    # The portal: guests with sessions of their own, shown what is theirs (tests/portal). Off, and for strangers: nothing.
    "portal/<str:site_slug>/": Reviewed("GET", is_public=True),
    "portal/<str:site_slug>/enter": Reviewed("GET POST", is_public=True),
    "portal/<str:site_slug>/password": Reviewed("GET POST", is_public=True),
    "portal/<str:site_slug>/link/<str:secret>": Reviewed("GET POST", is_public=True),
    "portal/<str:site_slug>/leave": Reviewed("POST", is_public=True),
    "portal/<str:site_slug>/account": Reviewed("GET POST", is_public=True),
    "portal/<str:site_slug>/articles/": Reviewed("GET", is_public=True),
    "portal/<str:site_slug>/articles/picture/<str:key>": Reviewed("GET", is_public=True),
    "portal/<str:site_slug>/articles/fitting": Reviewed("GET", is_public=True),
    "portal/<str:site_slug>/articles/<slug:language>/topic/<str:slug>": Reviewed("GET", is_public=True),
    "portal/<str:site_slug>/articles/<slug:language>/<str:slug>": Reviewed("GET", is_public=True),
    "portal/<str:site_slug>/<slug:section_key>/": Reviewed("GET", is_public=True),
    "portal/<str:site_slug>/<slug:section_key>/do/<slug:deed_key>": Reviewed("POST", is_public=True),
    "portal/<str:site_slug>/<slug:section_key>/<uuid:record_id>": Reviewed("GET", is_public=True),
    "portal/<str:site_slug>/<slug:section_key>/<uuid:record_id>/do/<slug:deed_key>": Reviewed("POST", is_public=True),
    "portal/<str:site_slug>/<slug:section_key>/<uuid:record_id>/file/<uuid:file_id>": Reviewed("GET", is_public=True),
    "portal/<str:site_slug>/<slug:section_key>/<slug:page_key>": Reviewed("GET", is_public=True),
    "settings/portal": Reviewed("GET POST"),
    "web_form/<uuid:record_id>/questions": Reviewed("GET POST"),
    # Ratings: whoever was asked by mail; the token is the key, and a wrong one learns nothing (tests/satisfaction).
    "rate/<str:token>": Reviewed("GET POST", is_public=True),
    "rate/<str:token>/stop": Reviewed("GET POST", is_public=True),
    "satisfaction": Reviewed("GET"),
    "satisfaction/rest": Reviewed("POST"),
    "markdown": Reviewed("POST"),
    "settings/help-centre": Reviewed("GET POST"),
    "settings/help-gaps": Reviewed("GET"),
    "": Reviewed("GET"),
    "sign-out/": Reviewed("POST"),
    "search": Reviewed("GET"),
    "bell": Reviewed("GET"),
    "calendar": Reviewed("GET"),
    # Its secret is the key; a wrong, a revoked and a former colleague's answer alike.
    "calendar/feed/<str:secret>.ics": Reviewed("GET", is_public=True),
    "calendar/import": Reviewed("GET POST"),
    # The password of a program is the key; a wrong, an ended and a former colleague's answer alike (tests/calendar/test_caldav.py).
    ".well-known/caldav": Reviewed("GET", is_public=True),
    "dav/": Reviewed("GET", is_public=True),
    "dav/<uuid:user_id>/": Reviewed("GET", is_public=True),
    "dav/<uuid:user_id>/<slug:type_key>/": Reviewed("GET", is_public=True),
    "dav/<uuid:user_id>/<slug:type_key>/<str:file>": Reviewed("GET", is_public=True),
    "settings/calendar/devices": Reviewed("GET POST"),
    "settings/calendar/devices/<uuid:device_id>/revoke": Reviewed("POST"),
    "docs/api": Reviewed("GET"),
    "docs/openapi.json": Reviewed("GET"),
    "settings/backups": Reviewed("GET"),
    "settings/backups/state": Reviewed("GET"),
    "settings/backups/do": Reviewed("POST"),
    "settings/backups/<str:name>/file": Reviewed("GET"),
    "settings/telephone": Reviewed("GET POST"),
    "calls/ringing": Reviewed("GET"),
    "calls/<uuid:call_id>/close": Reviewed("POST"),
    "write": Reviewed("GET POST"),
    "write/people": Reviewed("GET"),
    "write/template": Reviewed("GET"),
    "outbox": Reviewed("GET"),
    "outbox/<uuid:outgoing_id>/<slug:act>": Reviewed("POST"),
    "settings/mailboxes/<uuid:mailbox_id>/try": Reviewed("POST"),
    "settings/mailboxes": Reviewed("GET"),
    "settings/mailboxes/new": Reviewed("GET POST"),
    "settings/mailboxes/<uuid:mailbox_id>": Reviewed("GET POST"),
    "settings/mailboxes/<uuid:mailbox_id>/ledger": Reviewed("GET"),
    "settings/mailboxes/<uuid:mailbox_id>/read": Reviewed("POST"),
    "settings/mailboxes/<uuid:mailbox_id>/look": Reviewed("POST"),
    "settings/webhooks": Reviewed("GET"),
    "settings/webhooks/new": Reviewed("GET POST"),
    "settings/webhooks/release": Reviewed("POST"),
    "settings/webhooks/<uuid:webhook_id>": Reviewed("GET POST"),
    "settings/webhooks/<uuid:webhook_id>/secret": Reviewed("POST"),
    "settings/webhooks/<uuid:webhook_id>/test": Reviewed("POST"),
    "settings/webhooks/<uuid:webhook_id>/since": Reviewed("POST"),
    "settings/webhooks/<uuid:webhook_id>/replay/<uuid:delivery_id>": Reviewed("POST"),
    "settings/calendar": Reviewed("GET POST"),
    "settings/calendar/revoke": Reviewed("POST"),
    "calendar/move/<slug:type_key>/<uuid:record_id>": Reviewed("GET POST", "one"),
    "quick-add": Reviewed("GET POST"),
    "quick-add/read": Reviewed("POST"),
    "quick-add/save": Reviewed("POST"),
    "undo": Reviewed("POST"),
    "batch/<uuid:batch_id>": Reviewed("GET"),
    "batch/<uuid:batch_id>/stop": Reviewed("POST"),
    "file/": Reviewed("POST"),
    "file/<str:key>": Reviewed("GET"),
    "settings/": Reviewed("GET"),
    "settings/more": Reviewed("GET"),
    "settings/shortcuts": Reviewed("GET"),
    "settings/audit": Reviewed("GET"),
    "settings/audit.csv": Reviewed("GET"),
    "settings/theme": Reviewed("POST"),
    "settings/account": Reviewed("GET POST"),
    "settings/tokens": Reviewed("GET POST"),
    "settings/tokens/<uuid:token_id>/revoke": Reviewed("POST"),
    "settings/roles": Reviewed("GET"),
    "settings/roles/<uuid:role_id>": Reviewed("GET POST"),
    "settings/roles/<uuid:role_id>/copy": Reviewed("POST"),
    "settings/roles/<uuid:role_id>/preview": Reviewed("POST"),
    "settings/preview/end": Reviewed("POST"),
    "user/<uuid:user_id>/sees": Reviewed("GET"),
    "settings/tokens/revoke-all": Reviewed("POST"),
    "settings/tokens/permit": Reviewed("POST"),
    "settings/packs": Reviewed("GET"),
    "settings/packs/export.json": Reviewed("GET"),
    "settings/packs/file": Reviewed("POST"),
    "settings/packs/<slug:key>": Reviewed("GET POST"),
    "settings/packs/<uuid:applied_id>/undo": Reviewed("POST"),
    "settings/fields": Reviewed("GET"),
    "settings/fields/<slug:type_key>": Reviewed("GET POST"),
    "settings/fields/<slug:type_key>/<uuid:field_id>/choices": Reviewed("GET POST"),
    "settings/fields/<slug:type_key>/<uuid:field_id>/kind": Reviewed("GET POST"),
    "settings/fields/<slug:type_key>/<uuid:field_id>/kind/state": Reviewed("GET"),
    "settings/layouts": Reviewed("GET"),
    "settings/layouts/<slug:type_key>": Reviewed("GET POST"),
    "notices": Reviewed("GET"),
    "notices/read-all": Reviewed("POST"),
    "notices/<uuid:notice_id>/open": Reviewed("POST"),
    "settings/notices": Reviewed("GET POST"),
    # Whoever holds the signed link of a mail may end mails by it, and nothing else.
    "unsubscribe/<str:token>": Reviewed("GET POST", is_public=True),
    # A run is its asker's own; to everybody else it is not there.
    "settings/import": Reviewed("GET POST"),
    "settings/import/<uuid:run_id>": Reviewed("GET"),
    "settings/import/<uuid:run_id>/columns": Reviewed("GET POST"),
    "settings/import/<uuid:run_id>/reading": Reviewed("POST"),
    "settings/import/<uuid:run_id>/check": Reviewed("GET POST"),
    "settings/import/<uuid:run_id>/names": Reviewed("POST"),
    "settings/import/<uuid:run_id>/row/<int:line>": Reviewed("POST"),
    "settings/import/<uuid:run_id>/do": Reviewed("POST"),
    "settings/import/<uuid:run_id>/state": Reviewed("GET"),
    "settings/import/<uuid:run_id>/rejected": Reviewed("GET"),
    "settings/import/<uuid:run_id>/records": Reviewed("GET"),
    "settings/follow-ups": Reviewed("GET"),
    "settings/follow-ups/new": Reviewed("GET POST"),
    "settings/follow-ups/preview": Reviewed("POST"),
    "settings/follow-ups/<uuid:rule_id>": Reviewed("GET POST"),
    "settings/follow-ups/<uuid:rule_id>/switch": Reviewed("POST"),
    "settings/security": Reviewed("GET"),
    "settings/security/password": Reviewed("POST"),
    "settings/security/confirm": Reviewed("GET POST"),
    "settings/security/confirm/options": Reviewed("POST"),
    "settings/security/sessions/end-others": Reviewed("POST"),
    "settings/security/sessions/<uuid:session_id>/end": Reviewed("POST"),
    # Not among the reads: it makes a key and keeps it in the session until the app has proved it.
    "settings/security/app": Reviewed("POST"),
    "settings/security/app/remove": Reviewed("POST"),
    "settings/security/codes": Reviewed("POST"),
    "settings/security/passkeys/new": Reviewed("GET"),
    "settings/security/passkeys/options": Reviewed("POST"),
    "settings/security/passkeys/add": Reviewed("POST"),
    "settings/security/passkeys/<int:passkey_id>/rename": Reviewed("POST"),
    "settings/security/passkeys/<int:passkey_id>/remove": Reviewed("POST"),
    "settings/people/invite": Reviewed("GET POST"),
    "settings/people/invitations/<uuid:invitation_id>/resend": Reviewed("POST"),
    "settings/people/invitations/<uuid:invitation_id>/revoke": Reviewed("POST"),
    "settings/sso": Reviewed("GET POST"),
    "settings/sso/remove": Reviewed("POST"),
    "workspaces": Reviewed("GET"),
    "workspaces/new": Reviewed("GET POST"),
    "workspace/<uuid:workspace_id>": Reviewed("POST"),
    "lookup/<slug:type_key>": Reviewed("GET", "type"),
    "duplicates/<slug:type_key>": Reviewed("GET", "type"),
    "duplicates/<slug:type_key>/review": Reviewed("GET", "type"),
    "duplicates/<slug:type_key>/scan": Reviewed("POST", "type"),
    "duplicates/<slug:type_key>/scan-state": Reviewed("GET", "type"),
    "duplicates/<slug:type_key>/merges": Reviewed("GET", "type"),
    "duplicates/<slug:type_key>/group/<int:pair_id>": Reviewed("GET POST", "type"),
    "duplicates/<slug:type_key>/group/<int:pair_id>/apart": Reviewed("POST", "type"),
    "duplicates/<slug:type_key>/among/<slug:other>": Reviewed("GET", "type"),
    "duplicates/among/<int:pair_id>/apart": Reviewed("POST"),
    "duplicates/pair/<int:pair_id>/apart": Reviewed("POST"),
    "duplicates/merge/<uuid:merge_id>/undo": Reviewed("POST"),
    f"{_ONE}/merge/<uuid:other_id>": Reviewed("GET POST", "one"),
    _TYPE: Reviewed("GET", "type"),
    f"{_TYPE}rows": Reviewed("GET", "type"),
    f"{_TYPE}tabs": Reviewed("GET", "type"),
    f"{_TYPE}totals": Reviewed("GET", "type"),
    f"{_TYPE}filter": Reviewed("GET", "type"),
    f"{_TYPE}group": Reviewed("GET", "type"),
    f"{_TYPE}views/new": Reviewed("GET POST", "type"),
    f"{_TYPE}views/choose": Reviewed("POST", "type"),
    f"{_TYPE}views/<uuid:view_id>/edit": Reviewed("GET POST", "type"),
    f"{_TYPE}views/<uuid:view_id>/save": Reviewed("POST", "type"),
    f"{_TYPE}views/<uuid:view_id>/delete": Reviewed("POST", "type"),
    f"{_TYPE}bulk": Reviewed("POST", "type"),
    f"{_TYPE}cells": Reviewed("POST", "type"),
    f"{_TYPE}texts": Reviewed("POST", "type"),
    f"{_TYPE}export.<slug:format>": Reviewed("GET", "type"),
    f"{_TYPE}new": Reviewed("GET POST", "type"),
    f"{_TYPE}board": Reviewed("GET", "type"),
    f"{_TYPE}board/column/<uuid:column_id>": Reviewed("GET", "type"),
    f"{_TYPE}board/move": Reviewed("POST", "type"),
    f"{_TYPE}board/ask": Reviewed("GET", "type"),
    f"{_TYPE}board/lane": Reviewed("GET", "type"),
    _ONE: Reviewed("GET", "one"),
    f"{_TYPE}conditions": Reviewed("POST", "type"),
    f"{_ONE}/conditions": Reviewed("POST", "one"),
    f"{_ONE}/edit": Reviewed("GET POST", "one"),
    f"{_ONE}/field/<slug:key>": Reviewed("GET POST", "one"),
    f"{_ONE}/cell/<slug:key>": Reviewed("GET POST", "one"),
    f"{_ONE}/peek": Reviewed("GET", "one"),
    f"{_ONE}/do/<slug:action_key>": Reviewed("GET POST", "one"),
    f"{_ONE}/delete": Reviewed("POST", "one"),
    f"{_ONE}/restore": Reviewed("POST", "one"),
    f"{_ONE}/timeline": Reviewed("GET", "one"),
    f"{_ONE}/network": Reviewed("GET", "one"),
    f"{_ONE}/html": Reviewed("GET", "one"),
    f"{_ONE}/history": Reviewed("GET", "one"),
    f"{_ONE}/data": Reviewed("GET", "one"),
    f"{_ONE}/data.zip": Reviewed("GET", "one"),
    f"{_ONE}/add/<slug:other_key>": Reviewed("GET POST", "one"),
    f"{_ONE}/versions": Reviewed("GET", "one"),
    f"{_ONE}/versions/<int:number>/bring-back": Reviewed("POST", "one"),
    f"{_ONE}/access": Reviewed("GET", "one"),
    f"{_ONE}/share": Reviewed("POST", "one"),
    f"{_ONE}/unshare": Reviewed("POST", "one"),
    f"{_ONE}/compose": Reviewed("POST", "one"),
    f"{_ONE}/live": Reviewed("POST", "one"),
    _API: Reviewed("GET"),
    f"{_API}audit": Reviewed("GET"),
    f"{_API}search": Reviewed("GET"),
    f"{_API}imports": Reviewed("GET POST"),
    f"{_API}imports/<uuid:run_id>": Reviewed("GET PATCH DELETE"),
    f"{_API}imports/<uuid:run_id>/rows": Reviewed("GET"),
    f"{_API}imports/<uuid:run_id>/rows/<int:line>": Reviewed("PATCH"),
    f"{_API}imports/<uuid:run_id>/rejected": Reviewed("GET"),
    f"{_API}imports/<uuid:run_id>/<slug:what>": Reviewed("POST"),
    f"{_API}duplicates": Reviewed("GET"),
    f"{_API}duplicates/<int:pair_id>/apart": Reviewed("POST"),
    f"{_API}duplicates/groups": Reviewed("GET"),
    f"{_API}duplicates/groups/<int:pair_id>/merge": Reviewed("POST"),
    f"{_API}duplicates/groups/<int:pair_id>/apart": Reviewed("POST"),
    f"{_API}duplicates/among": Reviewed("GET"),
    f"{_API}duplicates/among/<int:pair_id>/apart": Reviewed("POST"),
    f"{_API}custom_field/<str:record_id>/kind": Reviewed("GET"),
    f"{_API_ONE}/merge": Reviewed("POST", "one"),
    f"{_API_ONE}/unmerge": Reviewed("POST", "one"),
    f"{_API}changes": Reviewed("GET"),
    f"{_API}calls": Reviewed("POST"),
    f"{_API}webhook/<str:record_id>/secret": Reviewed("POST"),
    f"{_API}webhook/<str:record_id>/deliveries": Reviewed("GET"),
    f"{_API}openapi.json": Reviewed("GET"),
    f"{_API}batch": Reviewed("POST"),
    f"{_API}<slug:type_key>/by/<slug:field_key>/<path:value>": Reviewed("PUT", "type"),
    f"{_API}<slug:type_key>": Reviewed("GET POST", "type"),
    _API_ONE: Reviewed("GET PATCH DELETE", "one"),
    f"{_API_ONE}/restore": Reviewed("POST", "one"),
    f"{_API_ONE}/history": Reviewed("GET", "one"),
    f"{_API_ONE}/access": Reviewed("GET POST", "one"),
    f"{_API_ONE}/access/<int:grant_id>": Reviewed("DELETE", "one"),
    f"{_API_ONE}/<slug:part_key>": Reviewed("GET POST", "one"),
    f"{_API}^(?P<rest>.*)$": Reviewed("GET POST PATCH DELETE"),
}

_UNKNOWN = UUID("01900000-0000-7000-8000-000000000000")


def routes() -> list[str]:
    """Every URL pattern that Django knows, as one text each."""
    return list(_walk(get_resolver().url_patterns, ""))


def _walk(patterns: list[URLPattern | URLResolver], before: str) -> Iterator[str]:
    for one in patterns:
        here = before + str(one.pattern)
        if isinstance(one, URLResolver):
            yield from _walk(one.url_patterns, here)
        else:
            yield here


def filled(route: str, info: TypeInfo, record_id: object = _UNKNOWN, **given: object) -> list[str]:
    """Addresses of a pattern for a type and a record: one for each action, field or related type where it asks for one."""
    values: dict[str, list[object]] = {
        "type_key": [info.key], "record_id": [record_id], "secret": ["wrong"], "key": list(info.fields)[:1] or ["x"],
        "format": ["csv", "xlsx", "jsonl", "vcf"], "action_key": list(actions_of(info.key)) or ["none"],
        "talk_id": [_UNKNOWN], "device_id": [_UNKNOWN], "file": ["nothing.ics"], "webhook_id": [_UNKNOWN], "call_id": [_UNKNOWN], "mailbox_id": [_UNKNOWN], "outgoing_id": [_UNKNOWN], "act": ["now"], "delivery_id": [_UNKNOWN], "field_key": ["external_id"], "value": ["nothing"],
        "part_key": [*actions_of(info.key), *info.relations] or ["none"], "other_key": pointing_at(info) or ["task"],
        "column_id": [_UNKNOWN], "token_id": [_UNKNOWN], "view_id": [_UNKNOWN], "role_id": [_UNKNOWN],
        "batch_id": [_UNKNOWN], "run_id": [_UNKNOWN], "line": [1], "what": ["run"], "applied_id": [_UNKNOWN], "field_id": [_UNKNOWN], "other": ["lead"],
        "user_id": [_UNKNOWN], "grant_id": [999_999], "workspace_id": [_UNKNOWN], "session_id": [_UNKNOWN],
        "pair_id": [999_999], "merge_id": [_UNKNOWN], "other_id": [_UNKNOWN], "passkey_id": [999_999], "rule_id": [_UNKNOWN], "notice_id": [_UNKNOWN], "uid": ["wrong"], "site_slug": ["nowhere"], "section_key": ["tickets"], "deed_key": ["write"], "page_key": ["new"], "language": ["en"], "slug": ["nothing"], "number": [1], "token": ["wrong"], "invitation_id": [_UNKNOWN], "file_id": [_UNKNOWN], "rest": ["nothing/at/all/here/"], "name": ["rapport-20200101-000000.bak"],
        **{name: value if isinstance(value, list) else [value] for name, value in given.items()},
    }  # fmt: skip
    if route.startswith("file/<"):
        values["key"] = ["wrong-key-of-a-file-000"]
    found = [route.replace("^(?P<rest>.*)$", "<rest>")]
    for name in re.findall(r"<(?:\w+:)?(\w+)>", found[0]):
        found = [re.sub(rf"<(?:\w+:)?{name}>", str(value), one) for one in found for value in values[name]]
    return ["/" + one for one in found]


def pointing_at(info: TypeInfo) -> list[str]:
    """Keys of types with a reference to this one that a form may set."""
    return [t.key for t in registry.all() if any(f.to == info.key and f.source == "column" and f.writable for f in t.fields.values())]
