"""OAuth 2 for the large providers: a refresh token becomes an access token at the provider's token address (RFC 6749, 6)."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from django.utils import timezone

from rapport.engines.egress import EgressRefused, fetch
from rapport.engines.mail.models import Mailbox, MailboxState
from rapport.engines.mail.problems import MailProblem
from rapport.engines.mail.secrets import seal, unseal

if TYPE_CHECKING:
    from rapport.kernel.access.models import Workspace

_EARLY = dt.timedelta(minutes=2)


def access_token(workspace: Workspace, mailbox: Mailbox, state: MailboxState) -> str:
    """The access token of the moment, fetched anew when the kept one is about to end. Raises MailProblem."""
    is_fresh = bool(state.access_until and state.access_until > timezone.now() + _EARLY)
    if is_fresh and (kept := unseal(state.access_token)):
        return kept
    asked = {
        "grant_type": "refresh_token", "refresh_token": unseal(state.secret), "client_id": mailbox.client_id,
        "client_secret": unseal(state.client_secret),
    }  # fmt: skip
    headers = {"content-type": "application/x-www-form-urlencoded", "accept": "application/json"}
    body = urlencode({name: value for name, value in asked.items() if value}).encode()
    try:
        answer = fetch("POST", mailbox.token_url, headers=headers, body=body, redirects=0, timeout=20)
    except EgressRefused as problem:
        raise MailProblem("unreachable") from problem
    try:
        told = json.loads(answer.body)
        token, seconds = str(told["access_token"]), int(told.get("expires_in", 3600))
    except (ValueError, KeyError, TypeError) as problem:
        raise MailProblem("token" if 400 <= answer.status < 500 else "unreachable") from problem
    values: dict[str, object] = {"access_token": seal(token), "access_until": timezone.now() + dt.timedelta(seconds=seconds)}
    if isinstance(told.get("refresh_token"), str) and told["refresh_token"]:
        values["secret"] = seal(told["refresh_token"])  # some providers give a new one each time
    MailboxState.objects.filter(workspace_id=workspace.pk, mailbox_id=mailbox.pk).update(**values)
    return token
