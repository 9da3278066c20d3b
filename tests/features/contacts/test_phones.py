"""Numbers are read as people and carriers write them, and every refusal names what is wrong."""

from __future__ import annotations

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontdesk.features.contacts.phones import (
    PhoneKind,
    PhoneNumber,
    describe,
    is_e164,
    parse_phone,
)
from frontdesk.kernel.errors import Refused

REGIONS = sorted(phonenumbers.SUPPORTED_REGIONS)
REFUSALS = {
    f"contacts.phone_{what}"
    for what in ("empty", "too_long", "too_short", "letters", "extension", "short_code", "unknown_country", "invalid")
} | {"contacts.phone_premium_rate"}


def outcome(raw: str, country: str) -> PhoneNumber | str:
    """Read a number, or give the code of the refusal."""
    try:
        return parse_phone(raw, country)
    except Refused as refusal:
        return refusal.code


@pytest.mark.parametrize(
    "raw",
    [
        *("(206) 555-3456", "206.555.3456", "206-555-3456", "2065553456", "1 206 555 3456", "+1 206 555 3456"),
        *("+12065553456", " 206 555 3456 ", "tel:+1-206-555-3456", "206\u2011555\u20113456", "２０６５５５３４５６"),
        *("\u202a+1 206\u00a0555\u00a03456\u202c", "٢٠٦٥٥٥٣٤٥٦", "206/555/3456"),
    ],
)
def test_a_number_is_the_same_however_it_is_written(raw: str) -> None:
    assert parse_phone(raw, "US") == PhoneNumber("+12065553456", "US", PhoneKind.FIXED_OR_MOBILE)


@pytest.mark.parametrize(
    ("raw", "country", "expected"),
    [
        ("0412 345 678", "AU", PhoneNumber("+61412345678", "AU", PhoneKind.MOBILE)),
        ("+44 20 7946 1234", "US", PhoneNumber("+442079461234", "GB", PhoneKind.FIXED_LINE)),
        ("07400 123456", "GB", PhoneNumber("+447400123456", "GB", PhoneKind.MOBILE)),
        ("416-555-9999", "US", PhoneNumber("+14165559999", "CA", PhoneKind.FIXED_OR_MOBILE)),
        ("06 12 34 56 78", "FR", PhoneNumber("+33612345678", "FR", PhoneKind.MOBILE)),
        ("800-555-1234", "US", PhoneNumber("+18005551234", "US", PhoneKind.TOLL_FREE)),
    ],
)
def test_country_and_kind_are_found(raw: str, country: str, expected: PhoneNumber) -> None:
    assert parse_phone(raw, country) == expected
    assert describe(expected.e164) == expected


@pytest.mark.parametrize(
    ("raw", "country", "what"),
    [
        ("", "US", "empty"),
        ("   \u200b", "US", "empty"),
        ("555", "US", "too_short"),
        ("555-0100", "US", "too_short"),
        ("+1206555", "US", "too_short"),
        ("72975", "US", "short_code"),
        ("729752", "CA", "short_code"),
        ("911", "US", "short_code"),
        ("2065553456789", "US", "too_long"),
        ("+1 206 555 34567", "US", "too_long"),
        ("2" * 65, "US", "too_long"),
        ("1-800-FLOWERS", "US", "letters"),
        ("call me", "US", "letters"),
        ("anonymous", "US", "letters"),
        ("206-555-3456 x12", "US", "extension"),
        ("206-555-3456 ext. 4", "US", "extension"),
        ("+1 206-555-3456;ext=9", "US", "extension"),
        ("123-456-7890", "US", "invalid"),
        ("+44 7000", "US", "too_short"),
        ("+999 1234 5678", "US", "unknown_country"),
        ("2065553456", "XX", "unknown_country"),
        ("2065553456", "", "unknown_country"),
        ("---", "US", "invalid"),
        ("206=555=3456", "US", "invalid"),
        ("+1+2065553456", "US", "invalid"),
        ("1-900-555-1234", "US", "premium_rate"),
        ("1-900-555-0123", "US", "premium_rate"),
        ("+979 123 456 789", "US", "premium_rate"),
        ("+870 773 111 632", "US", "premium_rate"),
        ("0900 1234567", "DE", "premium_rate"),
    ],
)
def test_a_refusal_names_what_is_wrong(raw: str, country: str, what: str) -> None:
    with pytest.raises(Refused) as refusal:
        parse_phone(raw, country)
    assert refusal.value.code == f"contacts.phone_{what}"
    assert refusal.value.status == 422


def test_an_invalid_number_is_named_with_its_country() -> None:
    with pytest.raises(Refused, match="not a valid number in US"):
        parse_phone("123-456-7890", "US")


@pytest.mark.parametrize(
    "raw",
    [
        *("+12065550100", "+15555550199", "+15005550006", "+15005550001", "+15005550009"),
        *("+447700900123", "+441632960001", "+61491570006"),
    ],
)
def test_numbers_kept_free_for_tests_are_accepted(raw: str) -> None:
    assert parse_phone(raw, "US") == PhoneNumber(raw, describe(raw).country, PhoneKind.FICTITIOUS)


@given(st.text(max_size=80), st.sampled_from(["US", "AU", "GB", "DE", "ZZ"]))
def test_any_text_is_read_or_refused_by_name(raw: str, country: str) -> None:
    found = outcome(raw, country)
    assert is_e164(found.e164) if isinstance(found, PhoneNumber) else found in REFUSALS


@given(st.from_regex(r"[+0-9() .\-]{0,24}", fullmatch=True), st.sampled_from(REGIONS))
def test_digits_in_any_country_are_read_or_refused_by_name(raw: str, country: str) -> None:
    found = outcome(raw, country)
    assert parse_phone(found.e164, country) == found if isinstance(found, PhoneNumber) else found in REFUSALS


@pytest.mark.parametrize("country", REGIONS)
def test_the_example_number_of_every_country_survives_each_way_of_writing_it(country: str) -> None:
    number = phonenumbers.example_number_for_type(country, phonenumbers.PhoneNumberType.MOBILE)
    number = number or phonenumbers.example_number_for_type(country, phonenumbers.PhoneNumberType.FIXED_LINE)
    assert number is not None
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    for style in (phonenumbers.PhoneNumberFormat.NATIONAL, phonenumbers.PhoneNumberFormat.INTERNATIONAL):
        assert parse_phone(phonenumbers.format_number(number, style), country).e164 == e164


@given(st.from_regex(r"\+[1-9][0-9]{6,14}", fullmatch=True))
def test_every_e164_number_can_be_described(e164: str) -> None:
    assert describe(e164).e164.startswith("+")
