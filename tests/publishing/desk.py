"""Articles and help centres for tests, made as people make them."""

from __future__ import annotations

from rapport.engines.publishing.models import PublicSite
from rapport.engines.publishing.sites import stored_site
from rapport.kernel.access.models import Workspace
from rapport.kernel.actions.running import run_action
from rapport.kernel.context import Context
from rapport.kernel.records.model import Record


def article(ctx: Context, title: str, *, body: str = "Some *text*.", publish: str = "public", **given: object) -> Record:
    """An article, published for an audience ("" leaves it a draft)."""
    made = ctx.create("article", title=title, body=body, audience=publish or "internal", **given)
    if publish:
        run_action(ctx, made, "publish", {})
    return made


def help_centre(workspace: Workspace, slug: str = "fernhill", **given: object) -> PublicSite:
    """The help centre of a workspace, switched on."""
    site = stored_site(workspace)
    PublicSite.objects.filter(workspace_id=workspace.pk).update(is_on=True, slug=slug, name="Fernhill help", **given)
    site.refresh_from_db()
    return site
