"""Telephone numbers: from what people and carriers write to E.164, with a reason wherever that cannot be."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberType, ValidationResult, is_valid_number

from frontdesk.kernel.errors import Refused

MAX_RAW_CHARACTERS = 64
_SHORT_CODE_DIGITS = (5, 6)  # in the US and Canada

_E164 = re.compile(r"\+[1-9][0-9]{6,14}").fullmatch
_EXTENSION = re.compile(r"(?:;ext=|[ ,;]*(?:ext|extn|x|#)[.: ]*)[0-9]{1,7}\s*$", re.IGNORECASE)
_DIGITS = re.compile(r"[0-9]")
_WRITTEN = frozenset("0123456789+-.()/ ")
_PLAIN = re.compile(r" *\+?[ .()\-]*[0-9][0-9 .()\-]*").fullmatch
_AMERICAN = re.compile(r"(?:\+?1|(?!\+))([2-9][0-9]{9})").fullmatch
_SEPARATORS = str.maketrans("", "", " .-()")

# Kept free for films and tests: by NANPA, by Twilio (magic numbers), by Ofcom and by ACMA.
_FICTITIOUS = re.compile(
    r"\+1(?!900)[2-9][0-9]{2}55501[0-9]{2}|\+1500555[0-9]{4}"
    r"|\+44(?:7700900|1632960|2079460|1134960|1144960|1154960|1164960|1174960|1184960|1214960|1314960|1414960|1514960"
    r"|1614960|1914980|2890180|2920180|8081570|9098790|3069990)[0-9]{3}"
    r"|\+614915[0-9]{5}|\+61(?:2|3|7|8)(?:5550|7010)[0-9]{4}"
).fullmatch

# What carriers send in place of a hidden caller's number: words, or words spelt on a keypad (Twilio).


class PhoneKind(StrEnum):
    """What sort of line a number is, as far as its digits say."""

    MOBILE = "mobile"
    FIXED_LINE = "fixed_line"
    FIXED_OR_MOBILE = "fixed_or_mobile"  # one range for both, as in North America
    TOLL_FREE = "toll_free"
    PREMIUM = "premium"
    SATELLITE = "satellite"
    INTERNET = "internet"
    OTHER = "other"
    FICTITIOUS = "fictitious"
    UNKNOWN = "unknown"

    @property
    def costs_extra(self) -> bool:
        """Whether a call or text to it may earn somebody money: such numbers are how texting is abused for fraud."""
        return self in (PhoneKind.PREMIUM, PhoneKind.SATELLITE)


@dataclass(frozen=True, slots=True)
class PhoneNumber:
    """A number in E.164, its country (ISO 3166, "001" for none, "" if unknown), and its kind."""

    e164: str
    country: str
    kind: PhoneKind


_KINDS = {
    PhoneNumberType.MOBILE: PhoneKind.MOBILE,
    PhoneNumberType.FIXED_LINE: PhoneKind.FIXED_LINE,
    PhoneNumberType.FIXED_LINE_OR_MOBILE: PhoneKind.FIXED_OR_MOBILE,
    PhoneNumberType.TOLL_FREE: PhoneKind.TOLL_FREE,
    PhoneNumberType.PREMIUM_RATE: PhoneKind.PREMIUM,
    PhoneNumberType.SHARED_COST: PhoneKind.PREMIUM,
    PhoneNumberType.VOIP: PhoneKind.INTERNET,
    PhoneNumberType.UNKNOWN: PhoneKind.UNKNOWN,
}
_SATELLITE_CODES = frozenset({870, 881, 882, 883})
_AMERICA = 1
_AMERICAN_LENGTH = len("+12065550123")
_BARBADOS = "+1246"  # alone in North America with ranges smaller than ten thousand


def is_e164(text: str) -> bool:
    """Tell whether `text` is written in E.164: a plus, then 7 to 15 digits, the first not zero."""
    return _E164(text) is not None


def parse_phone(raw: str, default_country: str) -> PhoneNumber:
    """Read a number as a person writes it, nationally in `default_country` (ISO 3166) or with a plus.

    Refuses, each with its own code `contacts.phone_…`: empty, too_long, too_short, letters, extension, short_code,
    unknown_country, invalid, premium_rate. Numbers kept free for tests and films are accepted as fictitious.
    """
    text = _written(raw, default_country)
    number = _plainly_american(text, default_country)
    if number is None:
        try:
            number = phonenumbers.parse(text, default_country)
        except NumberParseException as fault:
            raise _refusal_of_parsing(fault, text, default_country) from None
    found = _described(number)
    if found.kind is PhoneKind.FICTITIOUS:
        return found
    if found.kind is PhoneKind.UNKNOWN or (found.kind is PhoneKind.SATELLITE and not is_valid_number(number)):
        _check_length(number, text, default_country)
        country = phonenumbers.region_code_for_country_code(number.country_code or 0)
        raise _refused("invalid", f"“{_shown(raw)}” is not a valid number in {country}")
    if found.kind.costs_extra:
        raise _refused("premium_rate", f"“{_shown(raw)}” is a {found.kind} number, which costs extra to reach")
    return found


def describe(e164: str) -> PhoneNumber:
    """Say country and kind of a number in E.164; what no table knows is of kind unknown. Refuses other writing."""
    if not is_e164(e164):
        raise _refused("invalid", "not a number in E.164")
    try:
        return _described(phonenumbers.parse(e164, None))
    except NumberParseException:
        return PhoneNumber(e164, "", PhoneKind.UNKNOWN)


def _written(raw: str, default_country: str) -> str:
    """Bring `raw` to plain digits and separators, or refuse what cannot be a number."""
    if default_country not in phonenumbers.SUPPORTED_REGIONS:
        raise _refused("unknown_country", f"“{_shown(default_country)}” is not a country with telephone numbers")
    if len(raw) > MAX_RAW_CHARACTERS:
        raise _refused("too_long", f"a number of {len(raw)} characters is too long")
    if _PLAIN(raw):
        return raw.strip()
    text = "".join(_plain(character) for character in unicodedata.normalize("NFKC", raw)).strip()
    text = text.removeprefix("tel:").strip()
    if not text:
        raise _refused("empty", "the number is empty")
    if _EXTENSION.search(text):
        raise _refused("extension", f"“{_shown(raw)}” has an extension; a text cannot reach it")
    if any(character.isalpha() for character in text):
        raise _refused("letters", f"“{_shown(raw)}” contains letters")
    if set(text) - _WRITTEN or "+" in text[1:] or not _DIGITS.search(text):
        raise _refused("invalid", f"“{_shown(raw)}” is not a telephone number")
    return text


def _plainly_american(text: str, country: str) -> phonenumbers.PhoneNumber | None:
    """Read the usual writing of North America, which most of a long list is, in a tenth of the library's time."""
    if country not in ("US", "CA"):
        return None
    found = _AMERICAN(text.translate(_SEPARATORS))
    return phonenumbers.PhoneNumber(country_code=_AMERICA, national_number=int(found[1])) if found else None


def _plain(character: str) -> str:
    if (value := unicodedata.digit(character, None)) is not None:
        return str(value)
    match unicodedata.category(character):
        case "Pd":
            return "-"
        case "Zs" | "Cc":
            return " "
        case "Cf":
            return ""
        case _:
            return character


def _described(number: phonenumbers.PhoneNumber) -> PhoneNumber:
    e164 = f"+{number.country_code}{phonenumbers.national_significant_number(number)}"
    code = number.country_code or 0
    is_american = code == _AMERICA and len(e164) == _AMERICAN_LENGTH and not e164.startswith(_BARBADOS)
    country, kind = _american(e164[2:8]) if is_american else _looked_up(number)
    if _FICTITIOUS(e164):
        kind = PhoneKind.FICTITIOUS
    elif code in _SATELLITE_CODES:
        kind = PhoneKind.SATELLITE
    return PhoneNumber(e164, country, kind)


@lru_cache(maxsize=20_000)
def _american(start: str) -> tuple[str, PhoneKind]:
    """Look up a number of North America by its first six digits: every range there ends with four free ones."""
    return _looked_up(phonenumbers.PhoneNumber(country_code=_AMERICA, national_number=int(start) * 10_000 + 1234))


def _looked_up(number: phonenumbers.PhoneNumber) -> tuple[str, PhoneKind]:
    code = number.country_code or 0
    country = phonenumbers.region_code_for_number(number) or phonenumbers.region_code_for_country_code(code)
    country = "" if country == phonenumbers.UNKNOWN_REGION else country
    return country, _KINDS.get(phonenumbers.number_type(number), PhoneKind.OTHER)


def _check_length(number: phonenumbers.PhoneNumber, text: str, country: str) -> None:
    length = phonenumbers.is_possible_number_with_reason(number)
    if length in (ValidationResult.TOO_SHORT, ValidationResult.INVALID_LENGTH, ValidationResult.IS_POSSIBLE_LOCAL_ONLY):
        if not text.startswith("+") and _is_short_code(text, country):
            raise _refused("short_code", f"“{_shown(text)}” is a short code, not a person's number")
        raise _refused("too_short", f"“{_shown(text)}” is too short")
    if length == ValidationResult.TOO_LONG:
        raise _refused("too_long", f"“{_shown(text)}” is too long")


def _is_short_code(text: str, country: str) -> bool:
    digits = "".join(_DIGITS.findall(text))
    if country in ("US", "CA") and len(digits) in _SHORT_CODE_DIGITS:
        return True
    return phonenumbers.is_valid_short_number_for_region(
        phonenumbers.PhoneNumber(
            country_code=phonenumbers.country_code_for_region(country), national_number=int(digits)
        ),
        country,
    )


def _refusal_of_parsing(fault: NumberParseException, text: str, country: str) -> Refused:
    match fault.error_type:
        case NumberParseException.INVALID_COUNTRY_CODE:
            return _refused("unknown_country", f"“{_shown(text)}” begins with a code that no country has")
        case NumberParseException.TOO_LONG:
            return _refused("too_long", f"“{_shown(text)}” is too long")
        case NumberParseException.TOO_SHORT_NSN | NumberParseException.TOO_SHORT_AFTER_IDD:
            return _refused("too_short", f"“{_shown(text)}” is too short")
        case _ if _is_short_code(text, country):
            return _refused("short_code", f"“{_shown(text)}” is a short code, not a person's number")
        case _:
            return _refused("invalid", f"“{_shown(text)}” is not a telephone number")


def _shown(raw: str) -> str:
    """Show at most 32 printable characters of what was written."""
    return "".join(character for character in raw if character.isprintable())[:32]


def _refused(what: str, message: str) -> Refused:
    return Refused(f"contacts.phone_{what}", message, status=422)
