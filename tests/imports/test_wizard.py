"""The import wizard in a browser without script: upload, columns, check, mend, run, result, taking it back."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from rapport.engines.imports.models import ImportRun
from rapport.kernel.jobs.runner import run_due
from rapport.kernel.records.registry import registry
from tests.cast import Cast
from tests.imports.conftest import names

pytestmark = pytest.mark.django_db(transaction=True)
CONTACTS = (
    "First name;Last name;Company;Job title;E-mail;Birthday;Owner\n"
    "Ann;Smith;Fern Ltd;Buyer;ann@fern.example;28.02.1990;Ben Moore\n"
    "Bob;Jones;Fern Ltd;;bob@fern.example;31.12.1980;Ben Moore\n"
    "Cy;Young;;;cy-at-home;;Nobody Known\n"
)
Upload = Callable[..., str]


@pytest.fixture
def upload(committed_cast: Cast) -> Upload:
    """Upload a file as Ana; gives the address of the import."""

    def send(content: str | bytes, name: str = "people.csv", who: str = "ana") -> str:
        data = content if isinstance(content, bytes) else content.encode()
        answer = committed_cast.client(who).post("/settings/import", {"file": SimpleUploadedFile(name, data)})
        assert answer.status_code == 302, answer.content.decode()[:2000]
        return answer["Location"].removesuffix("/columns")

    return send


def form_of(client: Client, url: str) -> dict[str, object]:
    """What the columns page would post as it stands."""
    page = client.get(f"{url}/columns").content.decode()
    found: dict[str, object] = {}
    for name, body in re.findall(r'<select class="bare" id="[^"]*"[^>]* name="([^"]+)">(.*?)</select>', page, re.DOTALL):
        chosen = re.search(r'<option value="([^"]*)" selected', body)
        found[name] = chosen[1] if chosen else ""
    for name, value in re.findall(r'<input class="tick" type="checkbox"[^>]*? name="([^"]+)" value="([^"]+)"[^>]* checked', page):
        found.setdefault(name, []).append(value)  # type: ignore[attr-defined]
    return found


def run_of(url: str) -> ImportRun:
    """The run behind an address."""
    return ImportRun.objects.get(pk=url.rsplit("/", 1)[1])


def test_a_line_becomes_a_person_a_company_and_their_tie(committed_cast: Cast, upload: Upload) -> None:
    """The whole way: columns are found, problems shown, one mended, one left out; the result can be taken back."""
    client = committed_cast.client("ana")
    url = upload(CONTACTS)
    form = form_of(client, url)
    assert set(form["shapes"]) == {"person", "company"}  # type: ignore[call-overload]
    assert form["date_order"] == "dmy" and form["t0"] == form["t1"] == "person:name" and form["t2"] == "company:name"
    assert client.post(f"{url}/columns", form)["Location"].endswith("/check")
    run_due()
    assert names() == []
    page = client.get(f"{url}/check").content.decode()
    assert "cy-at-home" in page and "Nobody Known" in page and "Fern Ltd" in page
    assert run_of(url).problems == 1 and run_of(url).checked["lines"] == 3
    client.post(f"{url}/row/4", {"c4": "cy@home.example", "c6": "Cem Aydin", "do": "save"})
    assert run_of(url).problems == 0
    client.post(f"{url}/do", {"do": "run"})
    run_due()
    assert run_of(url).state == "done", run_of(url).error
    assert names() == ["Ann Smith", "Bob Jones", "Cy Young", "Fern Ltd"]
    place = registry.get("affiliation").model.objects.filter(deleted_at=None)
    assert {(one.person.name, one.company.name) for one in place} == {("Ann Smith", "Fern Ltd"), ("Bob Jones", "Fern Ltd")}
    person = registry.get("customer").model.objects.get(name="Cy Young")
    assert person.owner_id == committed_cast.cem.pk and person.kind == "person" and person.emails[0]["value"] == "cy@home.example"
    assert "Ann Smith" in client.get(f"{url}/records").content.decode()
    client.post(f"{url}/do", {"do": "foresee"})
    run_due()
    assert run_of(url).state == "done" and len(names()) == 4
    assert "would go into the bin" in client.get(url).content.decode()
    client.post(f"{url}/do", {"do": "revert"})
    run_due()
    assert run_of(url).state == "reverted" and names() == []
    assert "went into the bin" in client.get(url).content.decode()


def test_the_same_columns_are_mapped_as_the_last_time(committed_cast: Cast, upload: Upload) -> None:
    """What a person chose for a header is proposed again for the same header."""
    client = committed_cast.client("ana")
    text = "Wer;Wohin\nFern Ltd;x\n"
    url = upload(text)
    form = form_of(client, url) | {"shapes": ["company"], "t0": "company:name", "t1": "company:industry"}
    client.post(f"{url}/columns", form)
    run_due()
    client.post(f"{url}/do", {"do": "run"})
    run_due()
    assert run_of(url).state == "done", run_of(url).error
    again = form_of(client, upload("Wer;Wohin\nOther Ltd;y\n"))
    assert (again["t0"], again["t1"]) == ("company:name", "company:industry")


def test_unknown_names_are_mapped_emptied_or_created(committed_cast: Cast, upload: Upload) -> None:
    """The check asks what an unknown owner and an unknown choice mean, and the answer holds for every line."""
    client = committed_cast.client("ana")
    url = upload("Company,Owner,Lifecycle stage\nA Ltd,TOM,hot\nB Ltd,TOM,hot\nC Ltd,m.l.,Customer\n", "x.csv")
    form = form_of(client, url)
    client.post(f"{url}/columns", form)
    run_due()
    page = client.get(f"{url}/check").content.decode()
    assert "TOM" in page and run_of(url).problems == 3
    texts = {one["field"]: [text for text, _count in one["texts"]] for one in run_of(url).checked["unknown"]}
    assert set(texts["owner"]) == {"TOM", "m.l."} and texts["stage"] == ["hot"]
    client.post(f"{url}/names", {
        f"n-0-owner-{texts['owner'].index('TOM')}": str(committed_cast.cem.pk), f"n-0-owner-{texts['owner'].index('m.l.')}": "-",
        "n-0-stage-0": "prospect",
    })  # fmt: skip
    run_due()
    assert run_of(url).problems == 0
    client.post(f"{url}/do", {"do": "run"})
    run_due()
    rows = registry.get("customer").model.objects.filter(deleted_at=None).order_by("name")
    assert [(one.name, one.owner_id, one.stage) for one in rows][:2] == [
        ("A Ltd", committed_cast.cem.pk, "prospect"), ("B Ltd", committed_cast.cem.pk, "prospect"),
    ]  # fmt: skip


def test_unknown_choices_of_ones_own_are_added_to_the_list(committed_cast: Cast, upload: Upload) -> None:
    """One is mapped, the others become choices when the import begins, not before; a shipped list takes no more."""
    ctx, client = committed_cast.ctx("ana"), committed_cast.client("ana")
    for label, kind in (("Grade", "choice"), ("Perks", "multichoice")):
        ctx.create("custom_field", on_type="customer", label=label, kind=kind, choices="Gold\nSilver")
    old = ctx.create("customer", name="Z Ltd", c_grade="Gold")
    url = upload("Company,Grade,Perks,Lifecycle stage\nA Ltd,Bronze,Gold; Tea,hot\nB Ltd,gld,BRONZE,\nC Ltd,bronze,,\nZ Ltd,Bronze,,\n",
                 "x.csv")  # fmt: skip
    form = form_of(client, url) | {"shapes": ["company"], "t1": "company:c_grade", "t2": "company:c_perks", "match-company": ["name"]}
    client.post(f"{url}/columns", form | {"mode-company": "both"})
    run_due()
    names_ = {one["field"]: [text for text, _count in one["texts"]] for one in run_of(url).checked["unknown"]}
    assert set(names_["c_grade"]) == {"Bronze", "bronze", "gld"} and set(names_["c_perks"]) == {"Gold; Tea", "BRONZE"}
    page = client.get(f"{url}/check").content.decode()
    assert 'name="create-0-c_grade"' in page and 'name="create-0-stage"' not in page
    client.post(f"{url}/names", {
        f"n-0-c_grade-{names_['c_grade'].index('gld')}": "Gold", "create-0-c_grade": "1", "create-0-c_perks": "1", "n-0-stage-0": "-",
        "create-0-stage": "1",
    })  # fmt: skip
    run_due()
    definitions = registry.get("custom_field").model.objects.filter(deleted_at=None)
    assert run_of(url).problems == 0 and {one.choices for one in definitions} == {"Gold\nSilver"}
    client.post(f"{url}/do", {"do": "run"})
    run_due()
    assert run_of(url).state == "done" and run_of(url).counts["rejected"] == 0, run_of(url).error
    assert {one.label: one.choices.split("\n") for one in definitions.all()} == {
        "Grade": ["Gold", "Silver", "Bronze"], "Perks": ["Gold", "Silver", "Tea", "BRONZE"],
    }  # fmt: skip
    rows = {one.name: one.custom for one in registry.get("customer").model.objects.filter(deleted_at=None)}
    assert [rows[f"{name} Ltd"]["c_grade"] for name in "ABCZ"] == ["Bronze", "Gold", "Bronze", "Bronze"]
    assert rows["A Ltd"]["c_perks"] == ["Gold", "Tea"] and rows["B Ltd"]["c_perks"] == ["BRONZE"]
    assert old.pk in registry.get("customer").model.objects.filter(name="Z Ltd").values_list("pk", flat=True)


def test_choices_are_only_added_by_who_may_change_the_list(committed_cast: Cast, upload: Upload) -> None:
    """Without the right to own words it is not offered, and a plan that asks for it is refused."""
    committed_cast.ctx("ana").create("custom_field", on_type="customer", label="Grade", kind="choice", choices="Gold")
    client = committed_cast.client("ben")
    url = upload("Company,Grade\nA Ltd,Bronze\n", "x.csv", "ben")
    client.post(f"{url}/columns", form_of(client, url) | {"shapes": ["company"], "t1": "company:c_grade"})
    run_due()
    assert "Bronze" in (page := client.get(f"{url}/check").content.decode()) and "create-0-c_grade" not in page
    client.post(f"{url}/names", {"create-0-c_grade": "1"})
    run_due()
    assert run_of(url).problems == 1
    api = committed_cast.api("ben")
    plan = {**run_of(url).mapping, "choices": {"c_grade": ["Bronze"]}}
    answer = api.patch(f"/api/v1/imports/{run_of(url).pk}", {"plan": plan}, content_type="application/json")
    assert answer.status_code == 403
    plan["choices"] = {"stage": ["Bronze"]}
    answer = api.patch(f"/api/v1/imports/{run_of(url).pk}", {"plan": plan}, content_type="application/json")
    assert answer.status_code == 422 and "list of your own" in answer.content.decode()


def test_a_run_is_nobody_elses(committed_cast: Cast, upload: Upload) -> None:
    """Another person of the same workspace, and somebody of another one, find nothing there; a role without the right none."""
    url = upload(CONTACTS)
    for who in ("ben", "dea"):
        client = committed_cast.client(who)
        assert client.get(url).status_code == client.get(f"{url}/columns").status_code == 404
        assert client.post(f"{url}/do", {"do": "run"}).status_code == 404


def test_hidden_fields_are_neither_offered_nor_taken(committed_cast: Cast, upload: Upload) -> None:
    """A field group the role lacks does not exist in the wizard, and posting it does nothing."""
    from tests.cast import hide_group

    hide_group(committed_cast, "sales", "customers.figures")
    url = upload("Company,Turnover\nFern Ltd,1000\n", who="ben")
    client = committed_cast.client("ben")
    page = client.get(f"{url}/columns").content.decode()
    assert "company:turnover" not in page and "company:name" in page
    form = form_of(client, url) | {"t1": "company:turnover"}
    client.post(f"{url}/columns", form)
    assert all("turnover" not in step["columns"].values() for step in run_of(url).mapping["steps"])


def test_paused_it_goes_on_where_it_was(committed_cast: Cast, upload: Upload) -> None:
    """A pause that comes before the first batch keeps the import; going on brings every line in once."""
    client = committed_cast.client("ana")
    url = upload("Company,Industry\nA Ltd,x\nB Ltd,y\n")
    client.post(f"{url}/do", {"do": "run"})
    client.post(f"{url}/do", {"do": "pause"})
    run_due()
    assert run_of(url).state == "paused" and names() == []
    client.post(f"{url}/do", {"do": "run"})
    run_due()
    assert run_of(url).state == "done" and names() == ["A Ltd", "B Ltd"]


def test_rejected_lines_are_mended_on_the_page_and_brought_in(committed_cast: Cast, upload: Upload) -> None:
    """What stayed wrong comes back as a new import with the same plan, and nothing comes in twice."""
    client = committed_cast.client("ana")
    url = upload("Company,E-mail\nA Ltd,a@x.example\nB Ltd,nonsense\n")
    client.post(f"{url}/do", {"do": "run"})
    run_due()
    assert names() == ["A Ltd"] and run_of(url).counts["rejected"] == 1
    assert "nonsense" in b"".join(client.get(f"{url}/rejected").streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    again = client.post(f"{url}/do", {"do": "again"})["Location"].removesuffix("/columns")
    client.post(f"{again}/columns", form_of(client, again))
    run_due()
    client.post(f"{again}/row/2", {"c1": "b@x.example", "do": "save"})
    client.post(f"{again}/do", {"do": "run"})
    run_due()
    assert names() == ["A Ltd", "B Ltd"]


def test_files_that_are_no_tables_are_told_in_one_sentence(committed_cast: Cast) -> None:
    """A picture, a calendar, an empty file and a bomb: a sentence on the page, and nothing kept."""
    client = committed_cast.client("ana")
    for content, word in ((b"\x89PNG....", "picture"), (b"BEGIN:VCALENDAR\r\n", "calendar"), (b" \n", "empty")):
        answer = client.post("/settings/import", {"file": SimpleUploadedFile("x.csv", content)})
        assert answer.status_code == 422 and word in answer.content.decode()
    assert not ImportRun.objects.exists()
