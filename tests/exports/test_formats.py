"""Every kind of file a list goes out as can be opened by what people have, and holds what the screen shows."""

from __future__ import annotations

import datetime as dt
import io
from decimal import Decimal

import pytest
from python_calamine import CalamineWorkbook

from rapport.engines.exports import workbook
from rapport.engines.exports.writing import export_rows
from rapport.kernel.access.models import Role
from rapport.kernel.changes.models import Change
from rapport.kernel.errors import Invalid
from rapport.kernel.query import read
from rapport.kernel.records.registry import registry
from tests.cast import Cast, first_stage_id, hide_group


def _sheet(data: bytes, number: int = 0) -> list[list[object]]:
    return CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_index(number).to_python()


def _cards(text: str) -> list[list[str]]:
    """The lines of each card, unfolded."""
    return [card.strip().splitlines() for card in text.replace("\r\n ", "").split("END:VCARD")[:-1]]


def test_excel_gets_numbers_dates_and_words(cast: Cast) -> None:
    """An amount can be summed, a date sorted, a formula is only words, and a foreign amount says its currency."""
    cast.system.create("customer", name="=1+1", employees=42, turnover="1234.50", birthday=dt.date(1980, 2, 29), note="a\nb <&>")
    cast.system.create("customer", name="Foreign", turnover={"amount": "9.99", "currency": "USD"})
    keys = ["name", "employees", "turnover", "birthday", "note", "created_at"]
    data = b"".join(export_rows(cast.ctx("ana"), registry.get("customer"), None, keys, "xlsx", sort="name"))
    head, first, second = _sheet(data)
    assert head == ["id", *keys]
    assert first[1:6] == ["=1+1", 42, 1234.5, dt.date(1980, 2, 29), "a\nb <&>"] and isinstance(first[6], dt.datetime)
    assert second[1] == "Foreign" and second[3] == "9.99 USD" and second[4] == ""


def test_a_long_list_goes_over_into_further_sheets(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """Excel's bound of rows loses nothing: the next sheet begins with the header again."""
    monkeypatch.setattr(workbook, "MOST_ROWS", 100)
    cast.system.create_many("customer", [{"name": f"N{n:03d}"} for n in range(250)])
    data = b"".join(export_rows(cast.ctx("ana"), registry.get("customer"), None, ["name"], "xlsx", sort="name"))
    sheets = [_sheet(data, n) for n in range(3)]
    assert all(sheet[0] == ["id", "name"] for sheet in sheets)
    assert [row[1] for sheet in sheets for row in sheet[1:]] == [f"N{n:03d}" for n in range(250)]


@pytest.mark.once
@pytest.mark.parametrize(
    "value", [Decimal("123456789012345.67"), 12345678901234567890, dt.date(1899, 5, 1), "\x00\x0b\ud800", "x" * 40_000]
)
def test_what_excel_cannot_hold_does_not_break_the_file(value: object) -> None:
    """Longer numbers and older dates stay whole as words; signs that XML lacks are marked; a long text is cut."""
    book = workbook.Workbook("A/B: [C]*?", ["one"])
    book.add([value])
    cell = _sheet(book.taken() + book.closed())[1][0]
    assert isinstance(cell, str)
    assert cell == str(value) or "\ufffd" in cell or len(cell) == 32_767


def test_cards_say_who_where_and_for_whom(cast: Cast) -> None:
    """A person with employer, numbers and a long note; a company as a company; lines fold within 75 octets."""
    ctx = cast.ctx("ana")
    acme = ctx.create("customer", kind="company", name="Acme; Söhne, Ltd")
    ann = ctx.create(
        "customer", kind="person", name="Ann Marie Lee", emails=["work: ann@acme.example"], phones=["mobile: +353 1 555 0142"],
        birthday=dt.date(1980, 2, 29), note="Ünï" * 60, addresses=[{"street": "1 Main St", "city": "Cork", "country": "IE"}],
    )  # fmt: skip
    ctx.create("affiliation", person=ann.pk, company=acme.pk, job_title="Buyer")
    data = b"".join(export_rows(ctx, registry.get("customer"), None, ["name"], "vcf", sort="name"))
    assert max(len(line) for line in data.split(b"\r\n")) <= 75
    company, person = _cards(data.decode())
    assert {"FN:Acme\\; Söhne\\, Ltd", "ORG:Acme\\; Söhne\\, Ltd", "X-ABSHOWAS:COMPANY"} <= set(company)
    assert {"FN:Ann Marie Lee", "N:Lee;Ann Marie;;;", "ORG:Acme\\; Söhne\\, Ltd", "TITLE:Buyer", "BDAY:1980-02-29"} <= set(person)
    assert {"EMAIL;TYPE=INTERNET,WORK:ann@acme.example", "TEL;TYPE=VOICE,CELL:+35315550142"} <= set(person)
    assert "ADR:;;1 Main St;Cork;;;IE" in person and "NOTE:" + "Ünï" * 60 in person


def test_a_card_names_no_employer_the_viewer_may_not_see(cast: Cast) -> None:
    """The person is Ben's, the company Cem's."""
    sales = Role.objects.get(key="sales")
    rights = {key: {**one, "view": "own", "export": "own"} if one else one for key, one in sales.rights.items()}
    Role.objects.filter(pk=sales.pk).update(rights=rights)
    secret = cast.system.create("customer", kind="company", name="Secret Ltd", owner=cast.cem.pk)
    ann = cast.system.create("customer", kind="person", name="Ann Lee", owner=cast.ben.pk)
    cast.system.create("affiliation", person=ann.pk, company=secret.pk, job_title="Buyer")
    text = b"".join(export_rows(cast.ctx("ben"), registry.get("customer"), None, None, "vcf")).decode()
    assert "Ann Lee" in text and "Secret" not in text


def test_hidden_fields_are_in_no_format(cast: Cast) -> None:
    """Neither as a column nor as a value."""
    hide_group(cast, "sales", "sales.amounts")
    cast.system.create("deal", name="Roof", stage=first_stage_id(), amount="987654.12", owner=cast.ben.pk)
    deal = registry.get("deal")
    rows = _sheet(b"".join(export_rows(cast.ctx("ben"), deal, None, None, "xlsx")))
    assert "name" in rows[0] and "amount" not in rows[0] and "98765" not in str(rows)
    with pytest.raises(Invalid, match="cannot be written"):
        export_rows(cast.ctx("ben"), deal, None, None, "vcf")


def test_an_export_nobody_reads_leaves_no_entry_and_nothing_open(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """It has handed out nothing. An entry written when Python sweeps it away could fall into another statement."""
    monkeypatch.setattr(read, "EXPORTED", 200)
    cast.system.create_many("customer", [{"name": f"N{n:03d}"} for n in range(450)])
    chunks = export_rows(cast.ctx("ana"), registry.get("customer"))
    entries = Change.objects.filter(workspace=cast.home, verb="exported")
    chunks.close()  # type: ignore[attr-defined]
    del chunks
    assert not entries.exists()
    begun = export_rows(cast.ctx("ana"), registry.get("customer"))
    next(begun), next(begun)
    begun.close()  # type: ignore[attr-defined]  # as the server does when the browser goes away
    assert entries.get().details["rows"] == 200


def test_the_list_offers_what_fits_and_sends_it(cast: Cast) -> None:
    """Four formats for customers, three for deals; each is named and typed as what it is; another is refused in a sentence."""
    client = cast.client("ana")
    cast.system.create("customer", name="Aldersley")
    cast.system.create("deal", name="Roof", stage=first_stage_id())
    assert all(f"export.{key}" in client.get("/customer/").text for key in ("csv", "xlsx", "jsonl", "vcf"))
    assert "export.vcf" not in client.get("/deal/").text
    answer = client.get("/customer/export.xlsx?columns=name,stage")
    assert answer["Content-Disposition"] == 'attachment; filename="customers.xlsx"' and "spreadsheetml" in answer["Content-Type"]
    assert [row[1:] for row in _sheet(b"".join(answer.streaming_content))] == [
        ["name", "lifecycle stage"],
        ["Aldersley", "Prospect"],
    ]
    assert client.get("/deal/export.vcf").status_code == 422 and client.get("/customer/export.pdf").status_code == 422
