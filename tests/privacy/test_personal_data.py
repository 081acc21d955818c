"""One person in every type, every text a canary: the download has all of them, and after an erasure none is left anywhere."""

from __future__ import annotations

import datetime as dt
import io
import itertools
import json
import re
import sqlite3
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection

from rapport.engines.privacy.journal import journal_path
from rapport.engines.privacy.models import Erasure
from rapport.engines.privacy.registry import treatment_of
from rapport.kernel.access.current import use_workspace
from rapport.kernel.changes.models import Change
from rapport.kernel.changes.verify import verify_log
from rapport.kernel.files.store import keep
from rapport.kernel.ids import new_id
from rapport.kernel.query.search import search
from rapport.kernel.records.model import Record
from rapport.kernel.records.registry import TypeInfo, registry
from rapport.surfaces.cli.main import main
from tests.access.masks import text_of
from tests.cast import Cast, first_stage_id
from tests.factory import SPECIAL, make, value_for

WORDS = ("text", "longtext", "email", "one_email", "phone", "address", "web", "tags", "file")
_numbers = itertools.count(1)


@dataclass
class Seeded:
    """The person, every canary with the place it was put, and the records of each type."""

    person: Record
    canaries: dict[str, str] = field(default_factory=dict)
    records: dict[str, Record] = field(default_factory=dict)

    def new(self, where: str) -> str:
        """A text that occurs nowhere else."""
        text = f"cnry{next(_numbers):04d}{new_id().hex[-6:]}"
        self.canaries[text] = where
        return text


def _value(seeded: Seeded, where: str, kind: str, longest: int | None) -> object:
    """A canary in the shape of the kind."""
    if kind == "phone":
        digits = f"+35385{next(_numbers):03d}{new_id().int % 10_000:04d}"
        seeded.canaries[digits] = where
        return digits
    word = seeded.new(where)
    if longest is not None and longest < len(word):
        del seeded.canaries[word]
        return word[:longest]
    if kind in ("email", "one_email"):
        return f"{word}@example.com"
    if kind == "address":
        return [{"street": word, "city": seeded.new(where), "country": "IE"}]
    if kind == "web":
        return f"https://{word}.example"
    if kind == "tags":
        return [word]
    if kind == "file":
        content = f"content {seeded.new(where + ' bytes')}".encode()
        return keep(seeded.ctx, SimpleUploadedFile(f"{word}.txt", content))  # type: ignore[attr-defined]
    return word


def _filled(cast: Cast, seeded: Seeded, info: TypeInfo, **given: object) -> dict[str, object]:
    """Values for every field that may be set, words as canaries."""
    values: dict[str, object] = {}
    seeded.ctx = cast.system  # type: ignore[attr-defined]
    special = SPECIAL.get(info.key, {})
    special = special() if callable(special) else special
    for key, one in info.fields.items():
        if key in given or key in special or not one.settable(creating=True) or one.to or key in ("owner", "team"):
            continue
        if one.kind.key in WORDS:
            values[key] = _value(seeded, f"{info.key}.{key}", one.kind.key, getattr(one.kind, "max_length", None))
        elif one.kind.key != "anyref":
            made = value_for(cast.system, info, one)
            if made is not None:
                values[key] = made
    return {**values, **special, **given}


def references(info: TypeInfo) -> list[str]:
    """The fields of a type that may point at a customer."""
    return [
        one.key for one in info.fields.values()
        if one.to == "customer" and one.source == "column" and one.writable
    ]  # fmt: skip


def seed(cast: Cast) -> Seeded:
    """A person with every field full, and a record of every type that can refer to them."""
    ctx = cast.system
    ctx.create("custom_field", label="Shoe", on_type="customer", kind="text")
    company = ctx.create("customer", name="Olive Ltd", kind="company")
    seeded = Seeded(person=company)
    values = _filled(cast, seeded, registry.get("customer"), kind="person")
    assert "c_shoe" in values  # the company's own field is filled like any other
    seeded.person = person = ctx.create("customer", **values)
    for info in registry.all():
        fields = references(info)
        if info.key == "customer" or not fields:
            continue
        given = {key: person.pk if "company" not in info.fields[key].only else company.pk for key in fields}
        for other in (o for o in info.fields.values() if o.to and o.required and o.key not in fields):
            there = seeded.records.get(other.to)
            given[other.key] = there.pk if there else first_stage_id() if other.to == "stage" else make(ctx, other.to).pk
        if info.key == "lead":
            given["deal"] = None
        if info.declared.private:
            given["owner"] = cast.ana.pk  # nobody else's would be in a file of hers
        seeded.records[info.key] = ctx.create(info.key, **_filled(cast, seeded, info, **given))
    _more(cast, seeded)
    return seeded


def _more(cast: Cast, seeded: Seeded) -> None:
    """What is about the person in a roundabout way: edits, the bin, a note on their lead, an export by their name."""
    ctx = cast.system
    ctx.write(seeded.person, note=seeded.new("customer.note, second"))
    binned = ctx.create("task", subject=seeded.new("task in the bin"), customer=seeded.person.pk)
    ctx.delete(binned)
    lead = seeded.records["lead"]
    ctx.create("activity", kind="note", subject=seeded.new("note on the lead"), about=("lead", lead.pk))
    text_of(cast.client("ana").get(f'/customer/export.csv?filter=name contains "{seeded.person.name}"'))


def wins(cast: Cast, seeded: Seeded) -> Record:
    """A won deal whose name holds the person's."""
    won = registry.get("stage").model.objects.get(outcome="won")
    return cast.system.create(
        "deal", name=f"Roof for {seeded.person.name}", customer=seeded.person.pk, stage=won.pk, amount="500",
        closed_on=dt.date.today(), reason=seeded.new("deal.reason"),
    )  # fmt: skip


def erase(cast: Cast, seeded: Seeded) -> None:
    """As the owner does it: the form, the name typed, the button."""
    url, name = f"/customer/{seeded.person.pk}/do/erase", seeded.person.name
    ana = cast.client("ana")
    page = ana.get(url).content.decode()
    assert "Nobody can undo this" in page and "confirm" in page
    assert ana.post(url, {"confirm_name": "Somebody else", "reason": "asked"}).status_code == 422
    assert Erasure.objects.count() == 0
    assert ana.post(url, {"confirm_name": name.upper(), "reason": "asked"}).status_code == 302


def everything_stored() -> bytes:
    """Every byte of the database but for other programs' pages: the file after VACUUM, or every column of every table."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("SELECT file FROM pragma_database_list WHERE name = 'main'")
            file = cursor.fetchone()[0]
        if file and Path(file).is_file():
            with connection.cursor() as cursor:
                cursor.execute("VACUUM")
                cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            return Path(file).read_bytes()
        connection.ensure_connection()
        source: sqlite3.Connection = connection.connection
        source.execute("VACUUM")
        return source.serialize()
    found = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT t::text FROM "{table}" t')  # table names come from the database itself
            found += [row[0] for row in cursor.fetchall()]
    return "\n".join(found).encode()


def left(seeded: Seeded) -> dict[str, str]:
    """The canaries that still occur anywhere: database, search, files."""
    stored = everything_stored()
    files = Path(settings.DATA) / "files"
    stored += b"".join(path.read_bytes() for path in files.rglob("*") if path.is_file())
    stored += journal_path().read_bytes()
    escaped = stored.lower()
    return {word: where for word, where in seeded.canaries.items() if word.lower().encode() in escaped}


@pytest.fixture
def data_folder(tmp_path: Path, settings: object) -> Path:
    """A data folder of this test's own."""
    settings.DATA = tmp_path  # type: ignore[attr-defined]
    return tmp_path


def test_the_download_has_everything(cast: Cast, data_folder: Path) -> None:
    """Each canary of each type is in the ZIP, as JSON, the old value of an edit and the bytes of files too."""
    seeded = seed(cast)
    answer = cast.client("ana").get(f"/customer/{seeded.person.pk}/data.zip")
    assert answer.status_code == 200 and answer["Content-Type"] == "application/zip"
    body = b"".join(answer.streaming_content)
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        names = archive.namelist()
        text = b"\n".join(archive.read(name) for name in names).decode() + "\n".join(names)
    plain = re.sub(r"[^a-z0-9+]", "", text.lower())
    missing = {
        word: where for word, where in seeded.canaries.items()
        if word.lower() not in plain and "bin" not in where
    }  # fmt: skip
    assert not missing
    assert "customer.json" in names and "customer.csv" in names and "changes.json" in names
    entry = Change.objects.filter(workspace=cast.home, verb="exported").order_by("-number")[0]
    assert (entry.record_id, entry.details["what"]) == (seeded.person.pk, "personal data")
    page = cast.client("ana").get(f"/customer/{seeded.person.pk}/data").content.decode()
    assert seeded.person.name in page and "Consents" in page and "Download everything" in page


@pytest.mark.django_db(transaction=True)
def test_after_an_erasure_no_canary_is_left(committed_cast: Cast, data_folder: Path) -> None:
    """Not in any table, index, file or the change log; the chain still holds, and others' data is untouched."""
    cast = committed_cast
    with use_workspace(cast.home):
        bystander = cast.system.create("customer", name="Bystander4711", kind="person", note="stays0815")
        seeded = seed(cast)
        assert len({where.split(".")[0] for where in seeded.canaries}) >= 9
        assert len(left_before(seeded)) == len(seeded.canaries)
        before = Change.objects.filter(workspace=cast.home).count()
        erase(cast, seeded)
        assert left(seeded) == {}
        found = verify_log(cast.home)
        assert found.is_whole and found.redacted > 10, found
        assert Change.objects.filter(workspace=cast.home).count() >= before + 1
        seeded.person.refresh_from_db()
        assert seeded.person.name.startswith("Erased person") and seeded.person.custom == {}
        for key, record in seeded.records.items():
            there = registry.get(key).model.objects.filter(pk=record.pk).exists()
            assert there == (treatment_of(key).how != "delete"), key
        bystander.refresh_from_db()
        assert (bystander.name, bystander.note) == ("Bystander4711", "stays0815")
        assert [hit.id for hit in search(cast.ctx("ana"), "Bystander4711")] == [bystander.pk]
        erasure = Erasure.objects.get()
        assert (erasure.record_id, erasure.actor_id, erasure.reason) == (seeded.person.pk, cast.ana.pk, "asked")
        assert str(seeded.person.pk) in journal_path().read_text()
        assert cast.client("ana").get(f"/customer/{seeded.person.pk}").status_code == 200
        assert cast.client("ana").get(f"/customer/{seeded.person.pk}/history").status_code == 200
        audit = cast.client("ana").get(f"/settings/audit?record={seeded.person.pk}&type=customer").content.decode()
        assert "erased the personal data" in audit and "what it was has been erased" in audit


def left_before(seeded: Seeded) -> set[str]:
    """The same search before the erasure: it must find every canary, or it would find none afterwards for no reason."""
    stored = everything_stored().lower()
    stored += b"".join(p.read_bytes() for p in (Path(settings.DATA) / "files").rglob("*") if p.is_file()).lower()
    return {word for word in seeded.canaries if word.lower().encode() in stored}


@pytest.mark.django_db(transaction=True)
def test_what_a_law_keeps_stays_without_the_name(committed_cast: Cast, data_folder: Path) -> None:
    """A won deal is kept for seven years: amount and title without the name; nothing else of the person is left."""
    cast = committed_cast
    with use_workspace(cast.home):
        seeded = seed(cast)
        deal = wins(cast, seeded)
        page = cast.client("ana").get(f"/customer/{seeded.person.pk}/do/erase").content.decode()
        assert "kept by law until" in page
        erase(cast, seeded)
        assert left(seeded) == {}
        deal.refresh_from_db()
        assert deal.name.startswith("Roof for Erased person") and deal.amount == 50000
        assert deal.customer_id == seeded.person.pk and deal.reason == ""
        erasure = Erasure.objects.get()
        assert erasure.counts["deal kept"] == 1 and erasure.kept_until is not None
        Erasure.objects.update(kept_until=dt.date(2020, 1, 1))
        assert main(["privacy", "reapply"]) == 0
        assert Erasure.objects.count() == 2 and verify_log(cast.home).is_whole


@pytest.mark.django_db(transaction=True)
def test_a_restored_backup_is_erased_again(
    committed_cast: Cast, data_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The journal lies beside the database: what an older backup brings back is erased by one command, once."""
    cast = committed_cast
    with use_workspace(cast.home):
        person = cast.system.create("customer", name="Comes Back", kind="person")
        other = cast.system.create("customer", name="Other", kind="person")
    line = {"workspace": str(cast.home.pk), "type": "customer", "record": str(person.pk), "at": "2026-01-01T00:00:00+00:00"}
    gone = {**line, "record": str(new_id())}
    journal_path().write_text(json.dumps(line) + "\n" + json.dumps(gone) + "\n{cut off")
    assert main(["privacy", "reapply"]) == 0
    assert "erased again" in capsys.readouterr().out
    with use_workspace(cast.home):
        person.refresh_from_db()
        other.refresh_from_db()
        assert person.name.startswith("Erased person") and other.name == "Other"
    assert main(["privacy", "reapply"]) == 0
    assert "Nothing to erase again" in capsys.readouterr().out


def test_who_may(cast: Cast, data_folder: Path) -> None:
    """Sellers neither erase nor, without export, download; strangers and companies have no such page; no undo."""
    person = cast.ctx("ben").create("customer", name="Ann Lee", kind="person")
    company = cast.ctx("ben").create("customer", name="Olive", kind="company")
    ben, cem, ana = cast.client("ben"), cast.client("cem"), cast.client("ana")
    url = f"/customer/{person.pk}"
    assert ben.get(f"{url}/data").status_code == 200 and "do/erase" not in ben.get(f"{url}/data").content.decode()
    assert ben.get(f"{url}/do/erase").status_code == 403
    assert ben.post(f"{url}/do/erase", {"confirm_name": "Ann Lee", "reason": "asked"}).status_code == 403
    assert cast.api("ben").post(f"/api/v1{url}/erase", {"confirm_name": "Ann Lee"}, content_type="application/json").status_code == 403
    for path in ("data", "data.zip"):
        assert cem.get(f"{url}/{path}").status_code == 404
        assert ana.get(f"/customer/{company.pk}/{path}").status_code == 404
        assert ana.get(f"/deal/{UUID(int=7)}/{path}").status_code == 404
    assert ana.post(f"{url}/do/erase", {"confirm_name": "Ann Lee", "reason": "asked"}).status_code == 302
    assert ben.post("/undo", {"what": f"customer:{person.pk}:1"}).status_code in (404, 409)
    assert ana.post("/undo", {"what": f"customer:{person.pk}:2"}).status_code == 404


def test_the_download_obeys_field_groups(cast: Cast, data_folder: Path) -> None:
    """Two people who may export: who may not see sensitive preferences or amounts gets an archive without them."""
    from tests.access.test_audit import hire

    person = cast.ctx("ana").create("customer", name="Ann Lee", kind="person", turnover="7391.00")
    cast.ctx("ana").create("preference", customer=person.pk, what="Diet", wish="Canary4711", is_sensitive=True)
    hire(cast, "partly", {"*": {"view": "all", "export": "all"}}, {})
    for who, sees in (("ana", True), ("partly", False)):
        answer = cast.client(who).get(f"/customer/{person.pk}/data.zip")
        with zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content))) as archive:
            text = "".join(archive.read(name).decode() for name in archive.namelist())
        page = cast.client(who).get(f"/customer/{person.pk}/data").content.decode()
        for canary in ("Canary4711", "7391"):
            assert (canary in text) == sees
        assert ("Canary4711" in page) == sees
