"""The quick way with telephone numbers says what the library says."""

from __future__ import annotations

import random

import phonenumbers
import pytest

from rapport.kernel.kinds import phone
from rapport.kernel.kinds.plain_phone import plain_national, plain_number

CODES = sorted(phonenumbers.COUNTRY_CODE_TO_REGION_CODE)


def by_library(text: str, country: str) -> tuple[str, str] | None:
    """E.164 and the form at home, or None for what is no possible number."""
    try:
        number = phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException:
        return None
    if phonenumbers.is_possible_number_with_reason(number) != phonenumbers.ValidationResult.IS_POSSIBLE or number.extension:
        return None
    shown = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.NATIONAL)
    e164 = f"+{number.country_code}{phonenumbers.national_significant_number(number)}"
    return e164, phone._TRUNK.sub(r"\1", shown)


def numbers_of(code: int, dice: random.Random) -> set[str]:
    """Numbers of every sort of every region of a calling code, some that exist nowhere, some too long or too short."""
    found = {f"+{code}{''.join(dice.choice('0123456789') for _ in range(dice.randint(3, 13)))}" for _ in range(12)}
    for region in phonenumbers.COUNTRY_CODE_TO_REGION_CODE[code]:
        for sort in range(11):
            if example := phonenumbers.example_number_for_type(region, sort):
                plain = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164)
                found |= {plain, f"{plain[:-3]}{dice.randint(0, 999):03d}"}
    return found


def test_a_plain_number_is_what_the_library_makes_of_it() -> None:
    """Over every country: whatever the quick way answers, the library answers too; and it answers most that exist."""
    dice, answered, asked = random.Random(53), 0, 0
    for code in CODES:
        for text in sorted(numbers_of(code, dice)):
            asked += 1
            quick = plain_number(text)
            if quick is not None:
                answered += 1
                assert (quick, plain_national(text)) == by_library(text, dice.choice(["IE", "DE", "US", "IT"])), text
    assert answered > asked / 3


@pytest.mark.parametrize(
    "text", ["", "+", "0353 1 555 0142", "+353 85 000 0001", "+0123456789", "+1555", "+9991234567", "+٣٥٣٨٥٠٠٠٠٠٠١"]
)
def test_what_is_not_plain_is_left_to_the_library(text: str) -> None:
    """Blanks, other digits, unknown countries, numbers that are too short."""
    assert plain_number(text) is None
    assert plain_national(text) is None
