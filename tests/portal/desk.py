"""Portals, guests and their browsers for tests, made as people make them: invited on the person's page, in by the link."""

from __future__ import annotations

import re
from collections.abc import Callable

from django.core import mail
from django.test import Client

from rapport.engines.portal.models import PortalSite
from rapport.engines.portal.sites import keep_site, site_of
from rapport.kernel.access.current import use_workspace
from rapport.kernel.access.models import Workspace
from rapport.kernel.actions.running import run_action
from rapport.kernel.context import Context
from rapport.kernel.jobs.models import Job
from rapport.kernel.jobs.tasks import declared, load_tasks
from rapport.kernel.records.model import Record
from tests.cast import program

_LINK = re.compile(r"https?://\S+?(/portal/\S+/link/\S+)")


class ForJob:
    """What a task is told about its job."""

    def __init__(self, workspace_id: object) -> None:
        self.workspace_id = workspace_id


def portal(workspace: Workspace, slug: str = "fernhill", **given: object) -> PortalSite:
    """The portal of a workspace, switched on."""
    with use_workspace(workspace):
        site = site_of(workspace)
        site.is_on, site.slug, site.name = True, slug, "Fernhill portal"
        for key, value in given.items():
            setattr(site, key, value)
        assert keep_site(site)
        return PortalSite.objects.select_related("workspace").get(workspace_id=workspace.pk)


def mail_all() -> list[str]:
    """Send what the portal has to send, as the job runner does, and take what went out: the links in it."""
    load_tasks()
    before = len(mail.outbox)
    for job in Job.objects.filter(task__startswith="web.portal").order_by("id"):
        task = declared(job.task)
        assert task is not None
        task.function(ForJob(job.workspace_id), **job.args)
        Job.objects.filter(workspace_id=job.workspace_id, pk=job.pk).delete()
    return [found[1] for one in mail.outbox[before:] for found in [_LINK.search(one.body)] if found]


def person(ctx: Context, name: str = "Maya Jensen", email: str = "maya@example.org", **given: object) -> Record:
    """A person as customers are written down."""
    return ctx.create("customer", kind="person", name=name, emails=[email] if email else [], **given)


def invite(ctx: Context, who: Record, **given: object) -> str:
    """Invite somebody; the path of the link in the mail they got."""
    run_action(ctx, who, "invite_to_portal", given)
    [link] = mail_all()
    return link


def enter(link: str, client: Client | None = None) -> Client:
    """Open the link and press the button."""
    client = client or program()
    assert client.get(link).status_code == 200
    answer = client.post(link)
    assert answer.status_code == 303, answer.content.decode()
    return client


def guest(ctx: Context, who: Record | None = None, **given: object) -> Client:
    """A browser in which a person is in the portal."""
    return enter(invite(ctx, who or person(ctx), **given))


def text_of(client: Client, address: str, status: int = 200) -> str:
    """What a page says."""
    answer = client.get(address)
    assert answer.status_code == status, (address, answer.status_code)
    return answer.content.decode()


Opens = Callable[[str], Client]
