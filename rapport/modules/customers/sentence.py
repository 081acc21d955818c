"""Who a typed line is about: a person, a company, how they belong together, and where they came from."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from rapport.engines.sentence.line import Clause, Draft, Line, Link, reads
from rapport.kernel.access import gate
from rapport.kernel.format import capital
from rapport.kernel.kinds.email import FREE_MAIL
from rapport.kernel.records.registry import registry
from rapport.kernel.text_folding import fold

if TYPE_CHECKING:
    from uuid import UUID

    from rapport.kernel.context import Context

#: How a line says where somebody came from, in the languages Rapport ships; the first that fits counts.
_SOURCES = [
    ("referral", r"(?:referred|recommended|introduced|sent) by|referral from|empfohlen von|recommandée? par|recomendad[oa] por"),
    ("trade_show", r"(?:we )?met (?:\w+ )?(?:at|in|on)|from the .+ (?:fair|show|expo)|"
                   r"(?:auf der|auf dem) .+ (?:kennen ?gelernt|getroffen)|"
                   r"(?:getroffen|kennen ?gelernt) (?:auf|bei|in)|rencontrée? (?:à|au|aux|chez|lors)|conocid[oa] en"),
    ("website", r"(?:found|saw) us online|from the website|(?:von|über) (?:der|die|unsere[rn]?) web(?:site|seite)|"
                r"(?:par|sur|via) le site|por la web"),
    ("form", r"web form|webformular|formulaire web|formulario web"),
    ("call", r"called us|rang us|rief uns an|hat angerufen|nous a appelée?s?|nos llamó"),
    ("mail", r"wrote to us|mailed us|schrieb uns|nous a écrit|nos escribió"),
    ("campaign", r"from the (?:campaign|newsletter|mailing)|(?:aus|von) (?:der|dem) (?:kampagne|newsletter)"),
]  # fmt: skip
_SOURCE = [(key, re.compile(rf"^\s*(?:{words})\b", re.IGNORECASE)) for key, words in _SOURCES]
_FIRM = re.compile(
    r"\b(?:ltd|limited|inc|llc|llp|plc|corp|co|gmbh|ag|kg|ug|ohg|e\.?k|sarl|sas|sa|eurl|sl|slu|bv|nv|oy|ab|as|aps|spa|srl|"
    r"group|holdings?|partners|sons|daughters|bros|brothers|bank|hotels?|school|university|clinic|studio|agency|systems?|"
    r"solutions|services|industries|technologies|trading|foods?|coffee|bakery|deli|kitchen|logistics)\b\.?",
    re.IGNORECASE,
)
_JOIN = re.compile(r"^(?P<who>.+?)\s+(?:from|of|at|with|von|bei|de chez|chez|de|del|en)\s+(?P<firm>.+)$")
_SMALL = frozenset("de da di do dos du van von der den ter la le el y e zu af bin ibn".split())
_MOST_WORDS = 5
_PERSON, _COMPANY = ("name", "emails", "phones"), ("name", "website")


@reads(order=10)
def read_people(ctx: Context, line: Line) -> None:
    """Person, company and the tie between them."""
    if not gate.allows(ctx, registry.get("customer"), "view"):
        return
    names = [found for clause in line.free() for found in _names(clause)]
    who = _first_person(ctx, line, names)
    firm = _first_company(ctx, line, [one for one in names if one is not who], who)
    for role, one in (("person", who), ("company", firm)):
        if one is not None:
            _draft(ctx, line, role, *one)
    main = line.drafts.get("person") or line.drafts.get("company")
    if main is not None:
        _take_contact(line, main)
        _take_source(line, main)
    if who is not None and firm is not None:
        _tie(ctx, line)


Name = tuple[Clause, str, int]


def _names(clause: Clause) -> list[Name]:
    """The names in a clause: itself, or the two sides of "Dara Whelan from Whelan's Deli"."""
    text = clause.rest
    if not text or any(pattern.match(text) for _key, pattern in _SOURCE):
        return []
    if found := _JOIN.match(text):
        both = [(clause, part.strip(), clause.start + clause.text.find(part.strip())) for part in (found["who"], found["firm"])]
        if all(_is_name(part) for _c, part, _at in both):
            return both
    return [(clause, text, clause.start + max(clause.text.find(text), 0))] if _is_name(text) else []


def _is_name(text: str) -> bool:
    """Words that begin with capitals, as names do; small particles between them are allowed."""
    words = text.split()
    if not 1 <= len(words) <= _MOST_WORDS or any(char.isdigit() for char in text):
        return False
    return all(word[:1].isupper() or word.casefold() in _SMALL or word == "&" for word in words) and words[0][:1].isupper()


def _first_person(ctx: Context, line: Line, names: list[Name]) -> Name | None:
    """The first name that is a known person, else the first of two or more words that is no company."""
    for one in names:
        if _known(ctx, one[1], "person"):
            return one
    domains = _domains(line)
    for one in names:
        words = one[1].split()
        if len(words) > 1 and not _FIRM.search(one[1]) and not _known(ctx, one[1], "company") and not _fits(one[1], domains):
            return one
    return None


def _first_company(ctx: Context, line: Line, names: list[Name], who: Name | None) -> Name | None:
    """A known company, one that looks like it or fits the mail domain, else what is named beside a person."""
    domains = _domains(line)
    for test in (
        lambda name: bool(_known(ctx, name, "company")),
        lambda name: bool(_FIRM.search(name)) or _fits(name, domains),
        lambda name: True,
    ):
        for one in names:
            if one != who and test(one[1]):
                return one
    return None


def _known(ctx: Context, name: str, kind: str) -> list[UUID]:
    """Visible customers of exactly this name."""
    info = registry.get("customer")
    memory = ctx.memory.setdefault(("sentence", "known"), {})
    assert isinstance(memory, dict)
    key = (kind, fold(name)[:200])
    if key not in memory:
        rows = gate.visible(ctx, info).filter(title_key=key[1], kind=kind)
        memory[key] = list(rows.order_by("pk").values_list("pk", flat=True)[:2])
    return memory[key]


def _draft(ctx: Context, line: Line, role: str, clause: Clause, name: str, at: int) -> None:
    known = _known(ctx, name, role)
    if not known and not gate.allows(ctx, registry.get("customer"), "create"):
        return
    draft = Draft(role, "customer", {"kind": role, "name": name, "stage": "prospect"}, _PERSON if role == "person" else _COMPANY)
    draft.existing = known[0] if len(known) == 1 else None
    draft.label, draft.hue, draft.may_be_known = (_("Person"), 4, True) if role == "person" else (_("Company"), 3, True)
    line.drafts[role] = draft
    line.put(role, "name", at, at + len(name))
    clause.is_taken = True


def _take_contact(line: Line, main: Draft) -> None:
    """E-mails and phones are the person's, the web address is the company's."""
    for kind, name in (("email", "emails"), ("phone", "phones")):
        found = line.finds(kind)
        if found:
            main.values[name] = "\n".join(str(one.value) for one in found)
            if name not in main.shown:
                main.shown = (*main.shown, name)
        for one in found:
            line.put(main.key, name, one.start, one.end)
    company = line.drafts.get("company")
    if company is not None:
        for one in line.finds("web")[:1]:
            company.values["website"] = one.value
            line.put("company", "website", one.start, one.end)
        for domain in _domains(line)[:1]:
            company.values.setdefault("website", domain)
    for clause in line.clauses:
        if clause.finds and not clause.rest and all(one.kind in ("email", "phone", "web") for one in clause.finds):
            clause.is_taken = True


def _take_source(line: Line, main: Draft) -> None:
    """"met at Farnborough": the source as a choice, the words themselves in the note."""
    for clause in line.free():
        for key, pattern in _SOURCE:
            if pattern.match(clause.text):
                main.values["source"] = key
                words = clause.text.strip()
                main.values["note"] = capital(words)
                if "source" not in main.shown:
                    main.shown = (*main.shown, "source", "note")
                line.put(main.key, "source", clause.start, clause.end)
                clause.is_taken = True
                return


def _tie(ctx: Context, line: Line) -> None:
    """The person works at the company."""
    person, company = line.drafts.get("person"), line.drafts.get("company")
    info = registry.get("affiliation")
    if person is None or company is None or not gate.allows(ctx, info, "create"):
        return
    if person.existing and company.existing:
        rows = gate.visible(ctx, info).filter(person_id=person.existing, company_id=company.existing)
        if rows.exists():
            return
    sentence = _("%(person)s works at %(company)s.") % {"person": person.values["name"], "company": company.values["name"]}
    values = {"person": Link("person"), "company": Link("company"), "is_primary": person.existing is None}
    line.drafts["tie"] = Draft("tie", "affiliation", values, (), sentence)


def _domains(line: Line) -> list[str]:
    """The domains of the mail addresses that say something about the company."""
    found = [str(one.value).rpartition("@")[2] for one in line.finds("email")]
    return [one for one in dict.fromkeys(found) if one not in FREE_MAIL]


def _fits(name: str, domains: list[str]) -> bool:
    """Whether a name is that of the domain: Acme and acme.com, Whelan Deli and whelan-deli.ie."""
    plain = re.sub(r"[^a-z0-9]", "", fold(name))
    return len(plain) > 2 and any(plain == re.sub(r"[^a-z0-9]", "", one.rpartition(".")[0].split(".")[-1]) for one in domains)
