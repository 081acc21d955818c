"""Pictures in articles: put in by whoever writes, shown to whoever may read the article, kept for every version."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from rapport.kernel.actions.running import run_action
from rapport.kernel.errors import Invalid
from rapport.modules.knowledge.models import Article, ArticlePicture
from tests.cast import Cast
from tests.portal.desk import guest, portal
from tests.publishing.desk import article, help_centre

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 40
pytestmark = pytest.mark.django_db


def _upload(client: Client, name: str = "valve.png", data: bytes = PNG) -> str:
    answer = client.post("/file/", {"file": SimpleUploadedFile(name, data)})
    assert answer.status_code == 201
    return str(json.loads(answer.content)["key"])


def _is_picture(answer: Any) -> bool:
    return answer.status_code == 200 and answer["Content-Type"] == "image/png" and b"".join(answer.streaming_content) == PNG


def test_a_picture_is_shown_to_exactly_those_who_may_read_the_article(cast: Cast) -> None:
    """Public: everybody. For customers: guests of the portal. Internal, draft or retired: colleagues alone."""
    help_centre(cast.home)
    portal(cast.home)
    ana, stranger, visitor = cast.client("ana"), Client(), guest(cast.ctx("ana"))
    texts = {}
    for audience in ("public", "portal", "internal", ""):
        key = _upload(ana, f"{audience or 'draft'}.png")
        body = f"Turn it.\n\n![The valve](picture:{key})"
        texts[audience] = (key, article(cast.ctx("ana"), f"Valve {audience or 'draft'}", body=body, publish=audience))
    seen = {}
    for audience, (key, one) in texts.items():
        page = ana.get(f"/article/{one.pk}").content.decode()
        assert f'src="/file/{key}?inside=1"' in page and _is_picture(ana.get(f"/file/{key}?inside=1"))
        seen[audience] = tuple(
            _is_picture(client.get(address)) for client, address in (
                (stranger, f"/help/fernhill/picture/{key}"), (stranger, f"/portal/fernhill/articles/picture/{key}"),
                (visitor, f"/portal/fernhill/articles/picture/{key}"), (stranger, f"/file/{key}?inside=1"),
            )
        )  # fmt: skip
    assert seen == {
        "public": (True, False, True, False), "portal": (False, False, True, False), "internal": (False,) * 4, "": (False,) * 4,
    }  # fmt: skip
    shown = stranger.get("/help/fernhill/en/article/valve-public").content.decode()
    assert f'<img src="/help/fernhill/picture/{texts["public"][0]}" alt="The valve"' in shown
    assert "picture/" + texts["portal"][0] in visitor.get("/portal/fernhill/articles/en/valve-portal").content.decode()
    key, one = texts["public"]
    run_action(cast.ctx("ana"), one, "retire", {})
    assert stranger.get(f"/help/fernhill/picture/{key}").status_code == 404, "what was retired is gone at once"


def test_pictures_stay_for_versions_of_before_and_nobody_puts_in_those_of_others(cast: Cast) -> None:
    help_centre(cast.home)
    ana, ctx = cast.client("ana"), cast.ctx("ana")
    old, new = _upload(ana), _upload(ana, "new.png")
    one = article(ctx, "Valve", body=f"![Old](picture:{old})")
    ctx.write(one, body=f"![New](picture:{new})")
    stranger = Client()
    assert stranger.get(f"/help/fernhill/picture/{new}").status_code == 404, "not published yet"
    run_action(ctx, one, "publish", {})
    assert _is_picture(stranger.get(f"/help/fernhill/picture/{new}"))
    assert stranger.get(f"/help/fernhill/picture/{old}").status_code == 404, "readers see the version that is published"
    assert ArticlePicture.objects.filter(article=one.pk).count() == 2 and _is_picture(ana.get(f"/file/{old}?inside=1"))
    ctx.write(one, body=f"![Old](picture:{old})")
    run_action(ctx, one, "publish", {})
    assert _is_picture(stranger.get(f"/help/fernhill/picture/{old}")), "brought back, it is there"
    secret = _upload(cast.client("ben"), "secret.png")
    for key in (secret, _upload(ana, "page.html", b"<script>alert(1)</script>"), "x" * 32):
        with pytest.raises(Invalid, match="put it in again"):
            ctx.write(one, body=f"![Mine](picture:{key})")
    assert not re.search("secret", str(Article.objects.get(pk=one.pk).body))
