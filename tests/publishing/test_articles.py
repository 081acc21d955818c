"""Articles for the team: written, published as versions, compared, brought back; what their page shows."""

from __future__ import annotations

import pytest

from rapport.engines.publishing.markdown import render
from rapport.engines.publishing.models import Shelved, Version
from rapport.kernel.access.models import Role
from rapport.kernel.actions.running import run_action
from rapport.kernel.errors import Invalid, Refused
from tests.cast import Cast
from tests.publishing.desk import article


def test_every_published_version_is_kept_compared_and_brought_back(cast: Cast) -> None:
    """Readers see what was published, whatever is typed meanwhile, until it is published again."""
    ctx, client = cast.ctx("ana"), cast.client("ana")
    one = article(ctx, "Care of your bike", body="Oil the chain.\n\nWash it cold.")
    ctx.write(one, body="Oil the chain weekly.\n\nWash it cold.", title="Care of a bike")
    assert "Oil the chain." in Shelved.objects.get(record_id=one.pk, workspace_id=cast.home.pk).html
    page = client.get(f"/article/{one.pk}").content.decode()
    assert "Readers see version 1" in page and "<p>Oil the chain weekly.</p>" in page
    shown = client.get(f"/article/{one.pk}/versions").content.decode()
    assert "<del>Oil the chain.</del>" in shown and "<ins>Oil the chain weekly.</ins>" in shown and "Wash it cold." in shown
    run_action(ctx, one, "publish", {})
    assert Shelved.objects.get(record_id=one.pk, workspace_id=cast.home.pk).version == 2
    assert Version.objects.filter(workspace_id=cast.home.pk, record_id=one.pk).count() == 2
    client.post(f"/article/{one.pk}/versions/1/bring-back")
    one.refresh_from_db()
    assert (one.title, one.body.partition("\n")[0]) == ("Care of your bike", "Oil the chain.")
    assert "weekly" in Shelved.objects.get(record_id=one.pk, workspace_id=cast.home.pk).html, "brought back is not published"
    run_action(ctx, one, "publish", {})
    run_action(ctx, one, "publish", {})
    assert Version.objects.filter(workspace_id=cast.home.pk, record_id=one.pk).count() == 3, "the same text is no new version"


def test_who_may_write_may_not_open_an_article_to_more_readers(cast: Cast) -> None:
    """Fewer readers at once, more with the right to publish only."""
    ana = cast.ctx("ana")
    role = Role.objects.get(key="sales")
    Role.objects.filter(pk=role.pk).update(rights={**role.rights, "article": {"view": "all", "edit": "own"}})
    ben = cast.ctx("ben")
    one = article(ana, "Prices", publish="internal", owner=cast.ben.pk)
    ben.write(one, audience="public")
    assert Shelved.objects.get(record_id=one.pk, workspace_id=cast.home.pk).audience == "internal"
    with pytest.raises(Refused):
        run_action(ben, one, "publish", {})
    one.refresh_from_db()
    run_action(ana, one, "publish", {})
    assert Shelved.objects.get(record_id=one.pk, workspace_id=cast.home.pk).audience == "public"
    one.refresh_from_db()
    ben.write(one, audience="portal")
    assert Shelved.objects.get(record_id=one.pk, workspace_id=cast.home.pk).audience == "portal"
    with pytest.raises(Invalid):
        ana.create("article", title="At once", state="published")


def test_retired_and_deleted_articles_are_off_the_shelf(cast: Cast) -> None:
    ctx = cast.ctx("ana")
    one, other = article(ctx, "Old way"), article(ctx, "Slip")
    run_action(ctx, one, "retire", {})
    other.refresh_from_db()
    ctx.delete(other)
    assert not Shelved.objects.filter(workspace_id=cast.home.pk).exists()
    ctx.restore(other)
    run_action(ctx, one, "rewrite", {})
    with pytest.raises(Invalid):
        run_action(ctx, ctx.create("article", title="Nothing in it"), "publish", {})


def test_a_translation_is_of_an_original_in_another_language(cast: Cast) -> None:
    ctx = cast.ctx("ana")
    one = article(ctx, "Opening hours")
    german = ctx.create("article", title="Öffnungszeiten", language="de", translation_of=one.pk)
    for wrong in ({"language": "en", "translation_of": one.pk}, {"language": "fr", "translation_of": german.pk}):
        with pytest.raises(Invalid):
            ctx.create("article", title="X", **wrong)
    top = ctx.create("topic", name="A")
    below = ctx.create("topic", name="B", parent=top.pk)
    with pytest.raises(Invalid):
        ctx.write(top, parent=below.pk)


def test_what_is_due_for_review_stands_in_a_list(cast: Cast) -> None:
    ctx = cast.ctx("ana")
    article(ctx, "Stale bread", review_on="2020-01-01")
    article(ctx, "Fresh bread", review_on="2990-01-01")
    text = cast.client("ana").get("/article/?filter=state+is+published+and+review_on+<=+today&sort=review_on").content.decode()
    assert "Stale bread" in text and "Fresh bread" not in text
    assert "Due for review" in text


def test_markdown_is_rich_and_inert() -> None:
    """Headings follow the title of the page, tables and code work, and nothing can run or call home."""
    made = render(
        "# One\n\n### Three\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n~~x~~ `y` [ok](https://a.example) ![p](https://a.example/p.png)"
    )
    assert '<h2 id="s-one">' in made and '<h3 id="s-three">' in made and '<th scope="col">a</th>' in made and "<s>x</s>" in made
    assert 'href="https://a.example"' in made and "<img" not in made
    hostile = (
        "<script>alert(1)</script> <img src=x onerror=alert(1)> [a](javascript:alert(1)) [b](//evil.example) [c](data:text/html,x)"
        "\n\n<iframe src=x></iframe>\n\n[d]: javascript:alert(1)\n[d]\n\n<style>*{}</style>\n\n[e](/\\evil.example) [f](vbscript:x)"
    )
    made = render(hostile).lower()
    for bad in (
        "<script",
        "<img",
        "<iframe",
        "<style",
        'href="javascript',
        'href="data',
        'href="//',
        'href="vbscript',
        'href="/\\',
    ):
        assert bad not in made, bad


def test_the_preview_shows_what_readers_will_see(cast: Cast) -> None:
    answer = cast.client("ben").post("/markdown", {"md": "body", "body": "# Hello\n\n<b onclick=x>"})
    assert answer.content.decode() == str(render("# Hello\n\n<b onclick=x>"))
    form = cast.client("ana").get("/article/new").content.decode()
    assert 'hx-post="/markdown"' in form and 'class="md-seen prose"' in form
