"""What a column means, by its name: keys, labels, the words people use in four languages, then near spellings."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from rapidfuzz import fuzz, process

from rapport.kernel.access import gate
from rapport.kernel.context import Context
from rapport.kernel.records.field import Field
from rapport.kernel.records.registry import TypeInfo, registry
from rapport.kernel.text_folding import fold

#: A column that holds ids which Rapport itself wrote into an export.
ID = "id"
#: Header of the column that says why a line was left out; a mended file may still have it.
REASON = "Why it was not imported"
_ALIKE = 88
#: Words that people put over a column, by field key: English, German, French, Spanish. Labels and keys are known anyway.
SYNONYMS: dict[str, list[str]] = {
    "name": [
        "full name", "company", "company name", "account", "account name", "organisation", "organization", "customer", "title",
        "deal", "deal name", "opportunity", "opportunity name", "firma", "nom", "nombre", "nome", "contact name", "display name",
        "name der firma", "firmenname", "unternehmen", "kunde", "kundenname", "vollständiger name", "société", "entreprise",
        "raison sociale", "nom complet", "client", "empresa", "razón social", "nombre completo", "cliente", "topic",
    ],
    "emails": [
        "email", "mail", "e mail", "email address", "e mail address", "mail address", "e mail adresse", "mailadresse", "courriel",
        "adresse e mail", "adresse mail", "adresse électronique", "correo", "correo electrónico", "dirección de correo",
        "work email", "business email", "primary email",
    ],
    "email": ["mail", "e mail", "email address", "e mail address", "courriel", "correo electrónico", "e mail adresse"],
    "phones": [
        "phone", "telephone", "tel", "mobile", "phone number", "telefon", "telefonnummer", "telefono", "teléfono", "cell",
        "handy", "mobil", "mobiltelefon", "téléphone", "portable", "numéro de téléphone", "móvil", "work phone", "business phone",
        "mobile phone", "festnetz", "rufnummer",
    ],
    "website": ["web", "url", "homepage", "domain", "site", "web site", "webseite", "internetseite", "site web", "sitio web",
                "página web", "company domain name"],
    "industry": ["sector", "branch", "branche", "line of business", "secteur", "secteur d activité", "industria", "rubro",
                 "wirtschaftszweig", "activité"],
    "turnover": ["revenue", "annual revenue", "sales", "umsatz", "jahresumsatz", "chiffre d affaires", "facturación",
                 "ingresos anuales"],
    "employees": ["headcount", "staff", "number of employees", "size", "mitarbeiter", "mitarbeiterzahl", "anzahl mitarbeiter",
                  "effectif", "nombre d employés", "empleados", "número de empleados", "no of employees"],
    "founded": ["year established", "established", "founded in", "year founded", "gründungsjahr", "gegründet",
                "année de création", "año de fundación"],
    "addresses": ["address", "location", "office location", "postal address", "anschrift", "adresse", "dirección", "domicilio"],
    "addresses.street": ["street", "street address", "strasse", "straße", "straße hausnummer", "rue", "calle", "address line 1",
                         "mailing street", "billing street", "business street"],
    "addresses.postcode": ["postcode", "postal code", "zip", "zip code", "plz", "postleitzahl", "code postal", "código postal",
                           "mailing zip postal code", "billing zip postal code", "business postal code"],
    "addresses.city": ["city", "town", "ort", "stadt", "ville", "ciudad", "localidad", "wohnort", "mailing city", "billing city",
                       "business city", "municipio"],
    "addresses.region": ["region", "state", "province", "county", "bundesland", "région", "département", "provincia",
                         "state region", "mailing state province", "billing state province", "business state"],
    "addresses.country": ["country", "land", "pays", "país", "country region", "mailing country", "billing country",
                          "business country region"],
    "owner": ["sales agent", "agent", "account owner", "deal owner", "responsible", "assigned to", "salesperson", "rep",
              "contact owner", "company owner", "opportunity owner", "lead owner", "zuständig", "betreuer", "verantwortlich",
              "vertreter", "responsable", "propriétaire", "commercial", "propietario", "vendedor", "sales rep"],
    "parent": ["subsidiary of", "parent company", "parent account", "muttergesellschaft", "société mère", "empresa matriz"],
    "external_id": ["external id", "opportunity id", "account id", "customer id", "contact id", "reference", "number",
                    "record id", "kundennummer", "kunden nr", "referenz", "numéro client", "référence", "número de cliente",
                    "referencia", "uid", "deal id", "company id", "lead id", "organization id", "person id"],
    "stage": ["deal stage", "status", "pipeline stage", "phase", "étape", "etapa", "stufe", "lifecycle stage"],
    "amount": ["close value", "value", "deal value", "deal amount", "sum", "price", "betrag", "wert", "auftragswert", "montant",
               "valeur", "importe", "valor", "monto"],
    "worth": ["expected value", "value", "erwarteter wert", "valeur estimée", "valor estimado", "lead value"],
    "opened_on": ["engage date", "open date", "start date", "deal created", "create date", "date d ouverture"],
    "close_on": ["expected close", "expected close date", "close date", "closing date", "abschluss", "abschlussdatum",
                 "date de clôture", "fecha de cierre"],
    "closed_on": ["close date", "closed date", "end date", "won time", "lost time"],
    "due_on": ["due", "due date", "deadline", "fällig", "fälligkeitsdatum", "fällig am", "échéance", "date d échéance",
               "vencimiento", "fecha de vencimiento"],
    "note": ["notes", "remark", "remarks", "comment", "comments", "description", "bemerkung", "bemerkungen", "notiz", "notizen",
             "anmerkung", "beschreibung", "remarque", "remarques", "commentaire", "nota", "notas", "comentarios", "observaciones",
             "descripción"],
    "birthday": ["date of birth", "birth date", "born", "geburtstag", "geburtsdatum", "date de naissance", "anniversaire",
                 "fecha de nacimiento", "cumpleaños"],
    "job_title": ["title", "position", "function", "job", "funktion", "beruf", "poste", "fonction", "cargo", "puesto", "role"],
    "company": ["company name", "account", "organization", "organisation", "firma", "unternehmen", "société", "entreprise",
                "empresa"],
    "tags": ["labels", "label", "categories", "category", "schlagworte", "kategorien", "étiquettes", "catégories", "etiquetas",
             "categorías", "groups"],
    "source": ["lead source", "original source", "origin", "herkunft", "quelle", "origine", "fuente", "origen"],
    "language": ["sprache", "langue", "idioma", "preferred language"],
    "reason": ["lost reason", "loss reason", "verlustgrund", "raison de perte", "motivo de pérdida"],
    "interest": ["product", "interested in", "interesse", "intérêt", "interés", "inquiry", "anfrage"],
}  # fmt: skip
#: First and last names are two columns of one field.
_NAME_PARTS = {
    "first name", "given name", "vorname", "prénom", "nombre de pila", "forename", "last name", "surname", "family name",
    "nachname", "familienname", "nom de famille", "apellido", "apellidos", "zuname", "middle name",
}  # fmt: skip


def offered(ctx: Context, info: TypeInfo) -> dict[str, Field]:
    """Fields that an import may set for this viewer."""
    return {k: f for k, f in gate.fields(ctx, info, edit=True).items() if f.settable(creating=True)}


def may_bring(ctx: Context, info: TypeInfo) -> bool:
    """Whether this viewer may import a type. What stands under another type (a person's place at a company) needs the right
    to import that one too: its own rights follow from editing."""
    above = info.fields[info.declared.under].to if info.declared.under else ""
    types = [info] if above in ("", info.key) else [info, registry.get(above)]
    return all(gate.allows(ctx, one, "import") for one in types)


def plain(text: str) -> str:
    """A header or label reduced to its words."""
    return " ".join(re.sub(r"[^\w]+|_", " ", fold(text)).split())


def found_columns(ctx: Context, info: TypeInfo, header: Sequence[str]) -> dict[str, str | None]:
    """For each column the field it most likely means, None for those that mean nothing; no field twice, but for the two
    halves of a person's name."""
    names = names_of(ctx, info)
    found: dict[str, str | None] = dict.fromkeys(header)
    taken: set[str] = set()
    for column in header:
        target = names.get(plain(column))
        if target and target not in taken:
            found[column] = target
            taken.add(target)
    title = info.declared.title
    if title == "name" and title not in taken and title in offered(ctx, info):
        halves = [column for column in header if found[column] is None and is_name_part(column)]
        found.update(dict.fromkeys(halves, title))
        taken.update([title] if halves else [])
    for column in header:
        if found[column] is None and column != REASON and len(plain(column)) > 3 and not is_name_part(column):
            target = _near(plain(column), names)
            if target and target not in taken:
                found[column] = target
                taken.add(target)
    return found


def names_of(ctx: Context, info: TypeInfo) -> dict[str, str]:
    """Everything a column of this type may be called, and the field that it means then."""
    fields = offered(ctx, info)
    names: dict[str, str] = {ID: ID}
    for key, words in SYNONYMS.items():
        if key.partition(".")[0] in fields:
            for word in words:
                names.setdefault(plain(word), key)
    for key, f in fields.items():
        names[plain(str(f.label))] = key
    for key in fields:
        names[plain(key)] = names[plain(key.removeprefix("c_"))] = key
    return names


def is_name_part(column: str) -> bool:
    """Whether the column holds a first or a last name."""
    return plain(column) in _FOLDED_PARTS


_FOLDED_PARTS = {plain(one) for one in _NAME_PARTS}


def _near(word: str, names: Mapping[str, str]) -> str | None:
    near = process.extractOne(word, list(names), scorer=fuzz.ratio, score_cutoff=_ALIKE)
    return names[near[0]] if near else None
