"""People named in a note: stored as tokens, shown as chips, never as anybody the writer may not know."""

from __future__ import annotations

from uuid import uuid4

from rapport.kernel.kinds.mentions import chips, mentioned, named, plain, token
from rapport.kernel.records.registry import registry
from tests.cast import Cast

HX = {"HX-Request": "true"}


def note(cast: Cast, text: str, people: str, who: str = "ana", record: object = None) -> object:
    target = record or cast.ctx(who).create("customer", name="Hotel", kind="company")
    post = {"tab": "note", "note-body": text, "note-people": people}
    assert cast.client(who).post(f"/customer/{target.pk}/compose", post, headers=HX).status_code == 204
    made = registry.get("activity").model.objects.order_by("-pk").first()
    made.about_customer = target
    return made


def test_a_chosen_name_becomes_a_token_and_a_chip(cast: Cast) -> None:
    made = note(cast, "Please call her, @Ben Moore, by Friday", str(cast.ben.pk))
    assert made.body == f"Please call her, {token('Ben Moore', cast.ben.pk)}, by Friday"
    assert made.subject == "Please call her, @Ben Moore, by Friday"
    assert mentioned(made.body) == [cast.ben.pk]
    story = cast.client("ana").get(f"/customer/{made.customer_id}").content.decode()
    assert '<span class="mention">@Ben Moore</span>' in story and "(user:" not in story
    detail = cast.client("ana").get(f"/activity/{made.pk}").content.decode()
    assert '<span class="mention">@Ben Moore</span>' in detail
    rows = cast.client("ana").get("/activity/?columns=subject,body").content.decode()
    assert "(user:" not in rows


def test_a_name_that_was_not_chosen_stays_a_word(cast: Cast) -> None:
    made = note(cast, "Met @Ben Moore", "")
    assert made.subject == "Met @Ben Moore" and not made.body


def test_nobody_of_another_workspace_and_no_other_name(cast: Cast) -> None:
    """An id of a stranger or a made-up one changes nothing, and the name is the one the person has."""
    made = note(cast, "Hello @Dea Lund and @Boss", f"{cast.dea.pk} {uuid4()} nonsense {cast.ben.pk}")
    assert mentioned(made.body) == [] and made.subject == "Hello @Dea Lund and @Boss"


def test_tokens_are_escaped_like_everything_else() -> None:
    pk = uuid4()
    nasty = f'<b>x</b> @[<img src=x onerror=alert(1)>](user:{pk}) @[broken](user:zz) "q"'
    shown = chips(nasty)
    assert "<b>" not in shown and "<img" not in shown and '<span class="mention">@&lt;img' in shown and "@[broken](user:zz)" in shown
    assert plain(f"Hi @[Ana](user:{pk})!") == "Hi @Ana!" and plain("a @ b") == "a @ b"


def test_longer_names_win_and_tokens_are_not_taken_apart() -> None:
    one, two = uuid4(), uuid4()
    text = named("@Ana Silva met @Ana", {one: "Ana", two: "Ana Silva"})
    assert text == f"{token('Ana Silva', two)} met {token('Ana', one)}"
    assert named(text, {one: "Ana", two: "Ana Silva"}) == text


def test_search_finds_the_name_and_not_the_id(cast: Cast) -> None:
    made = note(cast, "Word @Ben Moore\nsecond line", str(cast.ben.pk))
    from rapport.kernel.query.models import SearchEntry

    words = " ".join(SearchEntry.objects.filter(workspace=cast.home, record_id=made.pk).values_list("text", flat=True))
    assert "user:" not in words
