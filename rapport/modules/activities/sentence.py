"""What a typed line wants done (a task), and what it tells besides (a note)."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from rapport.engines.sentence.line import Clause, Draft, Line, Link, reads
from rapport.kernel.access import gate
from rapport.kernel.format import capital
from rapport.kernel.records.registry import registry
from rapport.kernel.text_folding import fold

if TYPE_CHECKING:
    from rapport.kernel.context import Context

#: How a line says what is to be done, in the languages Rapport ships.
_VERBS = [
    ("call", r"call|ring|phone|telephone|anrufen|ruf(?:e)?|telefonieren|zurückrufen|appeler|rappeler|téléphoner|llamar"),
    ("email", r"e-?mail|mail|write|reply|answer|mailen|schreiben|antworten|écrire|répondre|escribir|responder"),
    ("meeting", r"meet|meeting|demo|treffen|besprechung|termin|rencontrer|réunion|rendez-vous|rdv|reunirse|reunión|cita"),
    ("visit", r"visit|besuchen|besuch|visiter|visite|visitar|visita"),
    ("send", r"send|post|quote|schicken|senden|angebot|envoyer|devis|enviar|mandar"),
    ("todo", r"remind|follow up|check|ask|prepare|order|todo|to do|erinnern|nachfassen|prüfen|fragen|vorbereiten|bestellen|"
             r"relancer|vérifier|demander|préparer|commander|recordar|comprobar|preguntar|preparar|pedir"),
]  # fmt: skip
_VERB = [
    (kind, re.compile(rf"^\s*(?:to |please |bitte |zu )?(?:{words})\b|\b(?:{words})$", re.IGNORECASE))
    for kind, words in _VERBS
]
_NAMED = re.compile(r"(?<!^)\b[A-ZÀ-Þ]")
_FILLER = frozenset("her him them back again ihn sie es zurück le la les lo".split())


@reads(order=20)
def read_doings(ctx: Context, line: Line) -> None:
    """A task for the first clause with a verb or a day; all other words become a note."""
    if gate.allows(ctx, registry.get("task"), "create"):
        clause = next((one for one in line.free() if _verb(one)), None) or next(
            (one for one in line.free() if any(f.kind == "when" for f in one.finds)), None
        )
        if clause is not None:
            _task(ctx, line, clause)


@reads(order=90)
def read_notes(ctx: Context, line: Line) -> None:
    """What nobody understood is kept as it was written."""
    left = [clause.text.strip(" ,;") for clause in line.free() if clause.text.strip(" ,;.")]
    if not left or not gate.allows(ctx, registry.get("activity"), "create"):
        return
    text = ", ".join(left)
    text = capital(text)
    values: dict[str, object] = {"kind": "note", "subject": text[:200], "customer": _whom(line)}
    if len(text) > 200:
        values["body"] = text
    line.drafts["note"] = Draft("note", "activity", values, ("subject",), label=_("Note"), hue=6)
    for clause in line.free():
        line.put("note", "subject", clause.start, clause.end)
        clause.is_taken = True


def _verb(clause: Clause) -> str:
    return next((kind for kind, pattern in _VERB if pattern.search(clause.rest)), "")


def _task(ctx: Context, line: Line, clause: Clause) -> None:
    when = next((one for one in clause.finds if one.kind == "when"), None) or next(
        (one for other in line.free() if not other.rest for one in other.finds if one.kind == "when"), None
    )
    subject = clause.rest
    _find_customer(ctx, line, clause, subject)
    day, at = when.value if when else (None, None)  # type: ignore[misc]
    assert day is None or isinstance(day, dt.date)
    values = {
        "subject": _subject(line, subject), "kind": _verb(clause) or "todo", "due_on": day, "due_time": at,
        "customer": _whom(line),
    }  # fmt: skip
    line.drafts["task"] = Draft("task", "task", values, ("subject", "kind", "due_on", "due_time"), hue=2)
    line.put("task", "subject", clause.start, clause.end)
    clause.is_taken = True
    if when and not clause.start <= when.start < clause.end:
        line.put("task", "due_on", when.start, when.end)
        for other in line.free():
            other.is_taken = other.is_taken or other.start <= when.start < other.end


def _subject(line: Line, words: str) -> str:
    """"call" becomes "Call Ann Lee": a task in a list has to say whom it is about."""
    # Whoever the line is about stands first in it, whatever a later module makes of them.
    known = next(iter(line.drafts.values()), None)
    name = str(known.values.get("name", "")) if known else ""
    kept = " ".join(word for word in words.split() if word.casefold() not in _FILLER) if name else words
    text = kept or words or _("To do")
    if name and not _NAMED.search(text):
        text = f"{text} {name}" if " " not in text else f"{text}, {name}"
    return capital(text)[:200]


def _whom(line: Line) -> object:
    """The company before the person is what the story hangs on; either alone will do."""
    return Link("person") if "person" in line.drafts else Link("company") if "company" in line.drafts else None


def _find_customer(ctx: Context, line: Line, clause: Clause, words: str) -> None:
    """"Ring Grace Tierney about the invoice": a known name inside the words, when the line named nobody else."""
    if _whom(line) is not None or not gate.allows(ctx, registry.get("customer"), "view"):
        return
    parts = words.split()
    runs = [(a, b) for a in range(1, len(parts)) for b in range(min(len(parts), a + 5), a, -1) if parts[a][:1].isupper()][:30]
    names = {fold(" ".join(parts[a:b]).strip(".,!?")): " ".join(parts[a:b]) for a, b in runs}
    rows = gate.visible(ctx, registry.get("customer")).filter(title_key__in=list(names))
    found = list(rows.order_by("title_key", "pk").values_list("pk", "kind", "name", "title_key")[:20])
    best = max(found, key=lambda row: len(row[3]), default=None)
    if best is None or sum(row[3] == best[3] for row in found) > 1:
        return
    label, hue = (_("Person"), 4) if best[1] == "person" else (_("Company"), 3)
    values: dict[str, object] = {"kind": best[1], "name": best[2]}
    line.drafts[best[1]] = Draft(
        best[1], "customer", values, ("name",), existing=best[0], label=label, hue=hue, may_be_known=True
    )
    at = clause.text.find(names[best[3]])
    line.put(best[1], "name", clause.start + at, clause.start + at + len(names[best[3]]))
