"""People who do not exist, some of them twice: the labelled set on which finding doubles is measured.

Same seed, same people. A double is a person written down a second time by somebody else: with slips of the finger, a short
first name, the name turned round, another way to write the phone, a new address, fewer facts. Besides there are people who
look like doubles and are none: namesakes in one town, families under one number, colleagues with one switchboard.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator

from rapport.kernel.text_folding import fold

FIRST = (
    "James Mary Robert Patricia John Jennifer Michael Linda David Elizabeth William Barbara Richard Susan Joseph Jessica Thomas"
    " Sarah Charles Karen Anna Maria Peter Hans Klaus Jürgen Wolfgang Günther Ursula Renate Monika Sabine Claudia Stefan Andreas"
    " Jean Pierre Michel Marie Nathalie Isabelle Françoise Zoé Chloé Hélène José Carmen Lucía Íñigo Begoña Giulia Marco Paolo"
    " Chiara Søren Åsa Björn Øyvind Zofia Łukasz Wojciech Agnieszka Małgorzata Jiří Tomáš Mehmet Ayşe Emine Siobhán Aoife Niamh"
    " Cillian Oisín Priya Rahul Wei Yuki Kenji Olga Dmitri Ivana Nikola Elena Sofia Oliver Emma Noah Liam Ava Mia Leon Finn Lena"
).split()
LAST = (
    "Smith Johnson Williams Brown Jones Garcia Miller Davis Rodriguez Martinez Müller Schmidt Schneider Fischer Weber Meyer"
    " Wagner Becker Schulz Hoffmann Koch Bauer Richter Klein Wolf Schröder Neumann Schwarz Zimmermann Krüger Dubois Lefèvre"
    " Moreau Laurent Girard Bonnet Rousseau García Fernández Muñoz Ibáñez Núñez Rossi Ferrari Esposito Bianchi Romano Kowalski"
    " Nowak Wiśniewski Wójcik Kamiński Novák Svoboda Dvořák Jensen Nielsen Hansen Andersson Johansson Sørensen Murphy Kelly"
    " O'Brien O'Connor Walsh Byrne Ryan McCarthy Gallagher Doherty Kennedy Lynch Murray Quinn Moore Patel Singh Kumar Yılmaz"
    " Demir Tanaka Suzuki Ivanov Petrov Popov Horvat Kovačević Lehmann Köhler Maier Huber Steiner Gruber Berger Eder Brunner"
).split()
PARTS = (
    "ber ton ley ham wick ford field stein bach hof mann sen son ski ova ini etti oux ard ier ano ell itz ert ahl und orf".split()
)
CITIES = [("Dublin", "D0"), ("Cork", "T1"), ("Berlin", "10"), ("Hamburg", "20"), ("München", "80"), ("Köln", "50"),
          ("Paris", "75"), ("Lyon", "69"), ("Madrid", "28"), ("Sevilla", "41"), ("Milano", "20"), ("Roma", "00"),
          ("Warszawa", "00"), ("Kraków", "30"), ("Praha", "11"), ("København", "21"), ("Malmö", "21"), ("Leeds", "LS"),
          ("Bristol", "BS"), ("Wien", "10")]  # fmt: skip
STREETS = (
    "Main High Church Station Park Mill Bridge Castle Garden Market River Hill King Queen North South Linden Rosen Berg".split()
)
KINDS = ["Street", "Road", "Lane", "straße", "Avenue", "weg"]
FREE = ["gmail.com", "outlook.com", "yahoo.com", "gmx.de", "icloud.com", "web.de", "hotmail.com"]
SHORT = {"James": "Jim", "Robert": "Bob", "Elizabeth": "Liz", "William": "Bill", "Richard": "Rick", "Michael": "Mike",
         "Thomas": "Tom", "Joseph": "Joe", "Jennifer": "Jen", "Patricia": "Pat", "Susan": "Sue", "Charles": "Charlie",
         "Wolfgang": "Wolf", "Stefan": "Steve", "Andreas": "Andi", "Małgorzata": "Gosia", "Oliver": "Ollie"}  # fmt: skip
NEAR = {"a": "sqz", "b": "vn", "c": "xv", "d": "sf", "e": "wr", "f": "dg", "g": "fh", "h": "gj", "i": "uo", "j": "hk",
        "k": "jl", "l": "k", "m": "n", "n": "bm", "o": "ip", "p": "o", "r": "et", "s": "ad", "t": "ry", "u": "yi", "v": "cb",
        "w": "qe", "x": "zc", "y": "tu", "z": "x"}  # fmt: skip

Person = dict[str, object]


def people(count: int, *, doubles: float = 0.05, seed: int = 7) -> Iterator[tuple[int, Person]]:
    """(who it really is, what is written down) for `count` rows, of which a share are doubles of an earlier one."""
    luck = random.Random(seed)
    earlier: list[tuple[int, Person]] = []
    made = 0
    for who in range(count):
        if made >= count:
            return
        one = _person(luck, who)
        if earlier and luck.random() < 0.03:
            one = _lookalike(luck, one, luck.choice(earlier)[1])
        yield who, one
        made += 1
        if luck.random() < 0.12:
            # Kept in a short list, so that a double comes soon or late and a million need no memory.
            if len(earlier) < 5_000:
                earlier.append((who, one))
            else:
                earlier[luck.randrange(5_000)] = (who, one)
        if made < count and luck.random() < doubles:
            # Mostly a double of somebody of a while ago.
            same, first = luck.choice(earlier) if earlier and luck.random() < 0.7 else (who, one)
            yield same, _again(luck, first)
            made += 1


def _person(luck: random.Random, who: int) -> Person:
    first = luck.choice(FIRST) + (f" {luck.choice(FIRST)}" if luck.random() < 0.08 else "")
    last = (
        luck.choice(LAST)
        if luck.random() < 0.55
        else luck.choice(LAST)[: luck.randint(3, 5)] + luck.choice(PARTS) + luck.choice(PARTS)
    )
    city, code = luck.choice(CITIES)
    plain = ".".join("".join(c for c in fold(word) if c.isascii() and c.isalpha()) or "x" for word in (first.split()[0], last))
    # No two people have one address: a number behind the name at a provider, the name alone at a firm.
    mail = f"{plain}{who}@{luck.choice(FREE)}" if luck.random() < 0.6 else f"{plain}@firm{who // 4}.example"
    return {
        "name": f"{first} {last}",
        "emails": [{"value": mail, "label": ""}] if luck.random() < 0.75 else [],
        "phones": [_phone(luck)] if luck.random() < 0.6 else [],
        "addresses": [_address(luck, city, code)] if luck.random() < 0.7 else [],
        "birthday": dt.date(1940, 1, 1) + dt.timedelta(days=luck.randrange(24_000)) if luck.random() < 0.35 else None,
    }  # fmt: skip


def _phone(luck: random.Random) -> dict[str, str]:
    return {"value": f"+3538{luck.choice('35679')}{luck.randrange(10**7):07d}", "label": ""}


def _address(luck: random.Random, city: str, code: str) -> dict[str, str]:
    street, postcode = f"{luck.randint(1, 150)} {luck.choice(STREETS)} {luck.choice(KINDS)}", f"{code}{luck.randrange(1000):03d}"
    return {"street": street, "postcode": postcode,
            "city": city, "region": "", "country": "IE", "label": ""}  # fmt: skip


def _again(luck: random.Random, first: Person) -> Person:
    """The same person, written down by somebody else."""
    one = dict(first)
    if luck.random() < 0.65:
        one["name"] = _written_again(luck, str(first["name"]))
    if first["emails"] and luck.random() < 0.4:
        mailbox, _at, domain = first["emails"][0]["value"].partition("@")  # type: ignore[index]
        given, _dot, rest = mailbox.partition(".")
        kind = luck.random()
        other = f"{given}.{slip(luck, rest)}@{domain}" if kind < 0.4 else f"{mailbox}@{luck.choice(FREE)}"
        one["emails"] = [] if kind > 0.7 else [{"value": other, "label": ""}]
    if first["phones"] and luck.random() < 0.35:
        one["phones"] = [] if luck.random() < 0.5 else [_phone(luck)]
    if first["addresses"] and luck.random() < 0.4:
        one["addresses"] = [] if luck.random() < 0.5 else [_address(luck, *luck.choice(CITIES))]
    if first["birthday"] and luck.random() < 0.3:
        one["birthday"] = None
    return one


def _written_again(luck: random.Random, name: str) -> str:
    first, *rest = name.split()
    match luck.randrange(7):
        case 0:
            return " ".join([slip(luck, first), *rest])
        case 1:
            return " ".join([first, *rest[:-1], slip(luck, rest[-1])])
        case 2:
            return f"{rest[-1]}, {' '.join([first, *rest[:-1]])}"
        case 3:
            return fold(name).title()
        case 4:
            return " ".join([SHORT.get(first, first), *rest])
        case 5:
            return f"{luck.choice(['Dr.', 'Mr', 'Ms', 'Prof.'])} {name}"
        case _:
            return f"{first[0]}. {rest[-1]}"


def slip(luck: random.Random, word: str) -> str:
    """One slip: a neighbouring key, a letter lost, doubled or swapped."""
    if len(word) < 3:
        return word
    at = luck.randrange(1, len(word) - 1)
    match luck.randrange(4):
        case 0:
            return word[:at] + luck.choice(NEAR.get(word[at].lower(), "e")) + word[at + 1 :]
        case 1:
            return word[:at] + word[at + 1 :]
        case 2:
            return word[:at] + word[at] + word[at:]
        case _:
            return word[:at] + word[at + 1] + word[at] + word[at + 2 :]


def _lookalike(luck: random.Random, one: Person, other: Person) -> Person:
    """Somebody else who is easily taken for an earlier one."""
    match luck.randrange(4):
        case 0:  # a namesake in the same town
            one["name"] = other["name"]
            one["addresses"] = [{**_address(luck, *luck.choice(CITIES)), "city": entry["city"]} for entry in other["addresses"]]  # type: ignore[union-attr,attr-defined]
        case 1:  # family: one house, one number, one surname
            one["name"] = f"{luck.choice(FIRST)} {str(other['name']).split()[-1]}"
            one["addresses"], one["phones"] = other["addresses"], other["phones"]
        case 2:  # a colleague behind the same switchboard
            one["phones"] = other["phones"]
        case _:  # a namesake born on another day
            one["name"] = other["name"]
            one["birthday"] = dt.date(1950, 1, 1) + dt.timedelta(days=luck.randrange(20_000))
    return one
