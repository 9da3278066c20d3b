"""The URL that Twilio signed is rebuilt from what is trusted, and our reference travels in it."""

from __future__ import annotations

from ipaddress import ip_network
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontdesk.providers.callback_reference import read_reference, with_reference
from frontdesk.providers.twilio import public_url

REFERENCE = UUID("0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b")
PROXIES = (ip_network("10.0.0.0/8"), ip_network("fd00::/8"))
FORWARDED = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "desk.example.com"}


def seen(*, peer: str = "10.1.2.3", headers: dict[str, str] | None = None, base: str = "", query: str = "a=b") -> str:
    return public_url(
        path="/webhooks/twilio/sms",
        query=query,
        scheme="http",
        host="127.0.0.1:8000",
        peer=peer,
        headers=FORWARDED if headers is None else headers,
        public_base_url=base,
        trusted_proxies=PROXIES,
    )


def test_the_public_base_url_wins_over_everything() -> None:
    assert seen(base="https://pub.example/desk/") == "https://pub.example/desk/webhooks/twilio/sms?a=b"


@pytest.mark.parametrize("peer", ["10.1.2.3", "::ffff:10.1.2.3", "fd00::1"])
def test_forwarded_headers_count_when_a_trusted_proxy_wrote_them(peer: str) -> None:
    assert seen(peer=peer) == "https://desk.example.com/webhooks/twilio/sms?a=b"


@pytest.mark.parametrize("peer", ["192.0.2.1", "::1", "", "testclient", "10.1.2.3.4"])
def test_forwarded_headers_of_a_stranger_count_for_nothing(peer: str) -> None:
    assert seen(peer=peer) == "http://127.0.0.1:8000/webhooks/twilio/sms?a=b"


def test_of_several_forwarded_values_the_nearest_proxys_counts() -> None:
    headers = {"x-forwarded-proto": "http, https", "x-forwarded-host": "evil.example, desk.example.com"}
    assert seen(headers=headers) == "https://desk.example.com/webhooks/twilio/sms?a=b"


@pytest.mark.parametrize("port", ["8443", "08443"])
def test_a_forwarded_port_is_added_when_it_is_not_the_standard_one(port: str) -> None:
    assert seen(headers=FORWARDED | {"X-Forwarded-Port": port}) == (
        "https://desk.example.com:8443/webhooks/twilio/sms?a=b"
    )
    assert seen(headers=FORWARDED | {"X-Forwarded-Port": "443"}).startswith("https://desk.example.com/")


@pytest.mark.parametrize("host", ["", "a b", "a/b", "a@b", "a\r\nb", "[::1", "a:port", "é.example", "a?b", "a#b"])
def test_a_malformed_forwarded_host_is_passed_over(host: str) -> None:
    assert seen(headers={"X-Forwarded-Host": host, "X-Forwarded-Proto": "gopher"}).startswith("http://127.0.0.1:8000/")


def test_an_empty_query_leaves_no_question_mark() -> None:
    assert seen(query="") == "https://desk.example.com/webhooks/twilio/sms"


@pytest.mark.parametrize(
    ("url", "marked"),
    [
        ("https://a/x", f"https://a/x?reference={REFERENCE}"),
        ("https://a/x?t=1", f"https://a/x?t=1&reference={REFERENCE}"),
        ("https://a/x?t=1#rc=2", f"https://a/x?t=1&reference={REFERENCE}#rc=2"),
        (f"https://a/x?reference={REFERENCE}", f"https://a/x?reference={REFERENCE}"),
    ],
)
def test_our_reference_is_put_into_the_query_once(url: str, marked: str) -> None:
    assert with_reference(url, REFERENCE) == marked


def test_a_reference_is_read_back() -> None:
    assert read_reference({"reference": str(REFERENCE)}) == REFERENCE


@given(st.dictionaries(st.sampled_from(["reference", "other"]), st.text()))
def test_whatever_is_no_reference_of_ours_is_none(query: dict[str, str]) -> None:
    found = read_reference(query)
    assert found is None or found == UUID(query["reference"])
