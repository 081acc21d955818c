"""The public help centre: what is public is found and read, everything else is not there, and nobody is followed."""

from __future__ import annotations

import re
from pathlib import Path
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

import rapport.engines.publishing as engine
import rapport.surfaces.web.help as pages
from rapport.engines.publishing.models import PublicSite, ShelfWord, Shelved, Tally, VisitEnd, Vote
from rapport.engines.publishing.sites import stored_site
from rapport.kernel.access.current import use_workspace
from rapport.kernel.actions.running import run_action
from rapport.kernel.context import system_context
from tests.cast import Cast
from tests.publishing.desk import article, help_centre

_LINK = re.compile(r'(?:href|action)="(/help/[^"#]*)"')
CANARY = "zanzibar"
#: Pages for people who signed in; the rest of their folder answers strangers.
TEAM_PAGES = {"settings_page.py", "gaps_page.py"}


def text_of(address: str, client: Client | None = None) -> str:
    answer = (client or Client()).get(address)
    assert answer.status_code == 200, address
    return answer.content.decode()


def crawl(start: str) -> dict[str, str]:
    """Every page that links lead to from here."""
    seen: dict[str, str] = {}
    waiting = [start]
    while waiting:
        address = waiting.pop()
        if address in seen:
            continue
        answer = Client().get(address, follow=True)
        seen[address] = answer.content.decode() + str(answer.headers) + str(answer.cookies)
        waiting += [link.replace("&amp;", "&") for link in _LINK.findall(seen[address])]
    return seen


def test_a_visitor_finds_reads_and_changes_the_language(cast: Cast) -> None:
    ctx = cast.ctx("ana")
    top = ctx.create("topic", name="Bikes", summary="All about them")
    one = article(ctx, "Oiling the chain", body="# Why\n\nBecause it **squeaks**.", topic=top.pk, summary="Every month.")
    article(ctx, "Die Kette ölen", language="de", translation_of=one.pk)
    help_centre(cast.home, contact="hello@fernhill.example")
    first = Client().get("/help/fernhill/", headers={"accept-language": "de-AT,de"})
    assert first.headers["Location"] == "/help/fernhill/de/"
    start = text_of("/help/fernhill/en/")
    assert "How can we help?" in start and 'href="/help/fernhill/en/topic/bikes"' in start
    assert "Oiling the chain" in text_of("/help/fernhill/en/topic/bikes")
    page = text_of("/help/fernhill/en/article/oiling-the-chain")
    assert page.count("<h1") == 1 and '<h2 id="s-why">' in page and "<strong>squeaks</strong>" in page
    assert (
        '<meta name="description" content="Every month.">' in page and "<title>Oiling the chain · Fernhill help</title>" in page
    )
    assert re.search(r'rel="canonical" href="http://localhost/help/fernhill/en/article/oiling-the-chain"', page)
    assert re.search(r'hreflang="de" href="http://localhost/help/fernhill/de/article/die-kette-olen"', page)
    assert "Die Kette ölen" in text_of("/help/fernhill/de/article/die-kette-olen")
    assert "Oiling the chain" in text_of("/help/fernhill/en/search?q=how+do+i+oil+chains")
    assert "Oiling the chain" in text_of("/help/fernhill/en/suggest?q=oil+ch")
    nothing = text_of("/help/fernhill/en/search?q=nothing+fits")
    assert "mailto:hello@fernhill.example" in nothing
    assert text_of("/help/fernhill/sitemap.xml").count("<loc>") == 4
    assert "Allow: /help/" in text_of("/robots.txt")


def test_what_is_not_public_is_nowhere(cast: Cast, record_property: pytest.RecordProperty) -> None:
    """A canary in every field of articles that are internal, for the portal, in draft, in review, retired, deleted, or changed
    since they were published: none on any page that links lead to, none by search, none by guessing the address."""
    ctx = cast.ctx("ana")
    texts = {"summary": f"{CANARY} s", "body": f"{CANARY} b", "keywords": [CANARY]}
    secret = ctx.create("topic", name=f"{CANARY} topic", summary=CANARY)
    hidden = {
        "internal": article(ctx, f"{CANARY} internal", publish="internal", topic=secret.pk, **texts),
        "portal": article(ctx, f"{CANARY} portal", publish="portal", topic=secret.pk, **texts),
        "draft": article(ctx, f"{CANARY} draft", publish="", **texts),
    }
    ctx.write(hidden["draft"], audience="public")
    for name in ("review", "retired", "deleted"):
        hidden[name] = article(ctx, f"{CANARY} {name}", publish="" if name == "review" else "public", topic=secret.pk, **texts)
    run_action(ctx, hidden["review"], "submit", {})
    run_action(ctx, hidden["retired"], "retire", {})
    hidden["deleted"].refresh_from_db()
    ctx.delete(hidden["deleted"])
    shown = article(ctx, "Plain words")
    article(ctx, "Offene Worte", language="de", translation_of=shown.pk)
    ctx.write(shown, **texts, title=f"{CANARY} edited")
    help_centre(cast.home)
    found_pages = crawl("/help/fernhill/")
    for language in ("en", "de"):
        for words in (CANARY, "zanz", f"{CANARY} internal", "plain", "offene"):
            for kind in ("search", "suggest"):
                address = f"/help/fernhill/{language}/{kind}?q={words}"
                found_pages[address] = re.sub(f"[“„\"]{re.escape(words)}[”“\"]", "", text_of(address))
    found_pages["map"] = text_of("/help/fernhill/sitemap.xml")
    found = [address for address, text in found_pages.items() if CANARY in text.lower()]
    assert not found
    assert "Plain words" in found_pages["/help/fernhill/en/search?q=plain"]
    gone = Client().get("/help/fernhill/en/article/never-was")
    for name in hidden:
        answer = Client().get(f"/help/fernhill/en/article/{CANARY}-{name}")
        assert (answer.status_code, answer.content) == (404, gone.content), name
        for verb in ("vote", "end"):
            assert Client().post(f"/help/fernhill/en/article/{CANARY}-{name}/{verb}", {"helped": "yes"}).content == gone.content
    assert Client().get(f"/help/fernhill/en/topic/{CANARY}-topic").content == gone.content
    record_property("measured", f"{len(found_pages)} pages read, {len(found)} canaries")


def test_off_means_not_there(cast: Cast) -> None:
    """Until somebody switches it on there is nothing at the address; afterwards nothing again."""
    article(cast.ctx("ana"), "Hello")
    slug = stored_site(cast.home).slug
    assert Client().get(f"/help/{slug}/en/").status_code == 404
    client = cast.client("ana")
    assert cast.client("ben").post("/settings/help-centre", {"is_on": "1"}).status_code == 403
    given = {"is_on": "1", "name": "Fernhill", "slug": "fernhill-help", "contact": "fernhill.example/contact"}
    assert client.post("/settings/help-centre", given).status_code == 302
    assert "Hello" in text_of("/help/fernhill-help/en/")
    assert "https://fernhill.example/contact" in text_of("/help/fernhill-help/en/")
    wrong = client.post("/settings/help-centre", {**given, "slug": "No!", "contact": "x y"})
    assert wrong.status_code == 400 and "small letters" in wrong.content.decode()
    client.post("/settings/help-centre", {**given, "is_on": ""})
    nothing = Client().get("/help/never/en/").content
    assert Client().get("/help/fernhill-help/en/").content == nothing
    assert Client().get("/help/fernhill-help/en/article/hello").content == nothing


def test_one_company_never_shows_another(cast: Cast) -> None:
    """Each at its own address, with its own articles, topics, languages and search; a taken address is refused without a name."""
    article(cast.ctx("ana"), "Ours alone")
    help_centre(cast.home, "ours")
    with use_workspace(cast.away):
        dea = system_context(cast.away, "test")
        topic = dea.create("topic", name="Their topic")
        article(dea, "Theirs alone", topic=topic.pk, keywords=["ours"])
        article(dea, "Ihres", language="de")
        help_centre(cast.away, "theirs")
    for address, text in crawl("/help/ours/").items():
        assert "their" not in text.lower() and "Ihres" not in text, address
    for address, text in crawl("/help/theirs/").items():
        assert "Ours alone" not in text, address
    assert Client().get("/help/ours/de/").status_code == 404
    assert Client().get("/help/ours/en/article/theirs-alone").status_code == 404
    assert "Theirs alone" not in text_of("/help/ours/en/search?q=theirs+alone")
    taken = cast.client("ana").post("/settings/help-centre", {"is_on": "1", "name": "X", "slug": "theirs"})
    assert taken.status_code == 400 and "taken" in taken.content.decode() and "Elsewhere" not in taken.content.decode()


def _token(page: str) -> str:
    return re.search(r'name="token" value="([^"]+)"', page)[1]  # type: ignore[index]


def test_one_vote_per_browser_and_article_and_no_cookie_before(cast: Cast) -> None:
    """A vote needs a page that was shown, counts once, keeps nothing personal, and leads on to whether it was solved."""
    one = article(cast.ctx("ana"), "Hello")
    help_centre(cast.home, contact="https://fernhill.example/ask")
    at = "/help/fernhill/en/article/hello"
    client = Client()
    for address in (at, "/help/fernhill/en/", "/help/fernhill/en/search?q=x", "/help/fernhill/en/suggest?q=he"):
        answer = client.get(address)
        assert not answer.cookies, address
    token = _token(text_of(at, client))
    tally = Tally.objects.get(workspace_id=cast.home.pk, record_id=one.pk)
    for wrong in ({"helped": "yes"}, {"helped": "yes", "token": "x"}, {"helped": "maybe", "token": token}):
        client.post(f"{at}/vote", wrong)
    client.post(f"{at}/vote", {"helped": "yes", "token": token}, headers={"sec-fetch-site": "cross-site"})
    client.post(f"{at}/vote", {"helped": "yes", "token": token}, headers={"origin": "https://evil.example"})
    tally.refresh_from_db()
    assert tally.helped == 0
    note = "Call me: 01 555 0142, mail a@b.example\nThanks"
    answer = client.post(f"{at}/vote", {"helped": "no", "token": token, "note": note})
    assert answer.status_code == 303 and list(answer.cookies) == ["help_votes"]
    client.post(f"{at}/vote", {"helped": "no", "token": token})
    tally.refresh_from_db()
    assert (tally.helped, tally.did_not) == (0, 1)
    kept = Vote.objects.get(workspace_id=cast.home.pk).note
    assert "555" not in kept and "@" not in kept and "Thanks" in kept
    page = text_of(at, client)
    assert "Did this solve it?" in page and "Was this helpful?" in text_of(at)
    on = client.post(f"{at}/end", {"solved": "no", "token": token})
    assert on.headers["Location"] == "https://fernhill.example/ask"
    client.post(f"{at}/end", {"solved": "yes", "token": token})
    assert VisitEnd.objects.get(workspace_id=cast.home.pk).went_on == 1
    assert "Ask us" in text_of(at, client)
    assert "Did not help" in cast.client("ana").get(f"/article/{one.pk}").content.decode()


def test_a_program_cannot_vote_many_times(cast: Cast) -> None:
    one = article(cast.ctx("ana"), "Hello")
    help_centre(cast.home)
    at = "/help/fernhill/en/article/hello"
    token = _token(text_of(at))
    codes = [Client().post(f"{at}/vote", {"helped": "yes", "token": token}).status_code for _n in range(12)]
    assert codes[:3] == [303] * 3 and codes.count(429) >= 8
    assert Tally.objects.get(workspace_id=cast.home.pk, record_id=one.pk).helped <= 4


def test_pages_are_known_again_until_something_is_published(cast: Cast) -> None:
    ctx = cast.ctx("ana")
    article(ctx, "Hello")
    help_centre(cast.home)
    for address in ("/help/fernhill/en/", "/help/fernhill/en/article/hello", "/help/fernhill/sitemap.xml"):
        answer = Client().get(address)
        mark = answer.headers["ETag"]
        assert "public" in answer.headers["Cache-Control"]
        assert Client().get(address, headers={"if-none-match": mark}).status_code == 304
        article(ctx, f"More {address}")
        assert Client().get(address, headers={"if-none-match": mark}).status_code == 200


def test_ten_thousand_articles_cost_what_ten_do(cast: Cast) -> None:
    """The same number of queries, each by an index."""
    ctx = cast.ctx("ana")
    topic = ctx.create("topic", name="Bikes")
    for number in range(3):
        article(ctx, f"Chain {number}", topic=topic.pk)
    help_centre(cast.home)
    at = "/help/fernhill/en/"
    addresses = [at, f"{at}topic/bikes", f"{at}article/chain-1", f"{at}search?q=chain+bike", f"{at}suggest?q=cha"]
    before = [_queries(one) for one in addresses]
    _fill(cast, topic.pk, 2_000)
    assert [_queries(one) for one in addresses] == before == [4, 3, 4, 4, 3]
    for address in addresses:
        assert not _scanned(address), address
    page = text_of(f"{at}topic/bikes")
    more = re.search(r'href="(/help/[^"]*\?after=\d+)"', page)
    assert more and "Chain" in text_of(more[1]) and page.count("<li><a") <= 50


def _queries(address: str) -> int:
    with CaptureQueriesContext(connection) as seen:
        Client().get(address)
    return len(seen)


def _scanned(address: str) -> list[str]:
    """The tables that a page reads from end to end (SQLite tells; PostgreSQL plans by how many rows there are)."""
    if connection.vendor != "sqlite":
        return []
    with CaptureQueriesContext(connection) as seen:
        Client().get(address)
    with connection.cursor() as cursor:
        found = []
        for one in seen.captured_queries:
            cursor.execute("EXPLAIN QUERY PLAN " + one["sql"])
            found += [row[3] for row in cursor.fetchall() if row[3].startswith("SCAN") and "USING" not in row[3]]
        return found


def _fill(cast: Cast, topic_id: object, many: int) -> None:
    sample = Shelved.objects.filter(workspace_id=cast.home.pk).first()
    assert sample is not None
    ids = [uuid4() for _n in range(many)]
    shared = {
        name: getattr(sample, name)
        for name in ("type", "audience", "published_for", "language", "summary", "html", "version", "published_at")
    }
    Shelved.objects.bulk_create([
        Shelved(workspace=cast.home, record_id=pk, group_id=pk, topic_id=topic_id, slug=f"chain-x{n}", sort=f"chain x{n:06}", title=f"Chain x{n}", **shared)
        for n, pk in enumerate(ids)
    ])  # fmt: skip
    ShelfWord.objects.bulk_create(
        [ShelfWord(workspace=cast.home, audience="public", language="en", word="chain", weight=30, record_id=pk) for pk in ids]
    )


def test_the_public_pages_know_no_records(cast: Cast) -> None:
    """Read from the code: nothing that answers strangers may name the registry, the gate, a query or a module."""
    files = [p for p in Path(pages.__file__).parent.glob("*.py") if p.name not in TEAM_PAGES]
    files += [Path(engine.__file__).parent / name for name in ("reading.py", "finding.py", "opinions.py", "words.py")]
    for path in files:
        text = path.read_text()
        for word in ("records.registry", "access.gate", "import gate", "kernel.query", "rapport.modules", "get_model"):
            assert word not in text, f"{path.name} names {word}"
    assert PublicSite.objects.filter(workspace_id=cast.home.pk).count() == 0
