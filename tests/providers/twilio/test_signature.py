"""Only what Twilio signed is believed, and nothing that arrives makes the check raise."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import replace
from typing import TypedDict
from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from twilio.request_validator import (
    RequestValidator,
    get_signature_algorithm,
)

from frontdesk.providers.twilio import (
    MAX_BODY_BYTES,
    Refusal,
    RefusalReason,
    SharedKey,
    TwilioAccount,
    VerifiedForm,
    verify,
)
from tests.providers.twilio.signing import ACCOUNT, FIXTURES, FORM, KEY_ID, TOKEN, load, sign

URL = "https://app.example.com/webhooks/twilio/sms?tenant=t1"
SETTINGS = "X-Twilio-Webhooks-Signature-Settings"
SIGNATURE = "X-Twilio-Signature"


class Vector(TypedDict):
    """One vector of the fixture file, made with the official library."""

    scheme: str
    secret: str
    url: str
    body: str
    headers: dict[str, str]


VECTORS: list[Vector] = json.loads((FIXTURES / "signature_vectors.json").read_text())


def check(
    pairs: dict[str, str], signature: str, *, account: TwilioAccount = ACCOUNT, url: str = URL, settings: str = ""
) -> VerifiedForm | Refusal:
    headers = {SIGNATURE: signature} | ({SETTINGS: settings} if settings else {})
    return verify(account=account, url=url, body=urlencode(pairs).encode(), content_type=FORM, headers=headers)


def content_type_of(vector: Vector) -> str:
    return "application/json" if vector["body"].startswith("{") else FORM


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["scheme"][:30])
def test_every_vector_of_the_official_library_is_believed(vector: Vector) -> None:
    result = verify(
        account=ACCOUNT,
        url=vector["url"],
        body=vector["body"].encode(),
        content_type=content_type_of(vector),
        headers=vector["headers"],
    )
    assert isinstance(result, VerifiedForm)
    assert result.body == vector["body"].encode()


def test_the_example_of_twilios_documentation_is_believed() -> None:
    pairs = {"CallSid": "CA1234567890ABCDE", "Caller": "+14158675309", "Digits": "1234", "From": "+14158675309"}
    pairs["To"] = "+18005551212"
    url = "https://mycompany.com/myapp.php?foo=1&bar=2"
    account = TwilioAccount(account_sid="AC1", auth_token="12345")
    assert isinstance(check(pairs, "RSOYDt4T1cUTdK1PDd93/VVr8B8=", account=account, url=url), VerifiedForm)


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["scheme"][:30])
@pytest.mark.parametrize("part", ["body", "url", "signature"])
def test_a_thousand_single_bit_flips_are_all_refused(vector: Vector, part: str) -> None:
    chooser = random.Random(vector["scheme"] + part)
    for _ in range(1000):
        parts = {
            "body": vector["body"].encode(),
            "url": vector["url"].encode(),
            "signature": vector["headers"][SIGNATURE].encode(),
        }
        changed = bytearray(parts[part])
        changed[chooser.randrange(len(changed))] ^= 1 << chooser.randrange(8)
        parts[part] = bytes(changed)
        if means_the_same(vector, parts["body"], parts["url"]) and part != "signature":
            continue
        result = verify(
            account=ACCOUNT,
            url=parts["url"].decode("latin-1"),
            body=parts["body"],
            content_type=content_type_of(vector),
            headers=vector["headers"] | {SIGNATURE: parts["signature"].decode("latin-1")},
        )
        assert isinstance(result, Refusal), (part, changed)


def means_the_same(vector: Vector, body: bytes, url: bytes) -> bool:
    """Tell whether a flip changed nothing that is signed: %2C and %2c, or the case of the scheme."""
    if url.lower() != vector["url"].encode().lower():
        return False
    same_url = url.partition(b":")[2] == vector["url"].encode().partition(b":")[2]
    changed = parse_qsl(body.decode("latin-1"), keep_blank_values=True, encoding="latin-1")
    original = parse_qsl(vector["body"], keep_blank_values=True, encoding="latin-1")
    signed = "".join(name + value for name, value in sorted(set(changed)))
    return same_url and signed == "".join(name + value for name, value in sorted(set(original)))


class Fields:
    """A form with repeated names, in the shape that the official validator accepts."""

    def __init__(self, pairs: list[tuple[str, str]]) -> None:
        self._pairs = pairs

    def __iter__(self) -> Iterator[str]:
        return iter([name for name, _ in self._pairs])

    def __len__(self) -> int:
        return len(self._pairs)

    def getlist(self, wanted: str) -> list[str]:
        return [value for name, value in self._pairs if name == wanted]


WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
HOSTS = st.sampled_from(["a.example", "a.example:443", "a.example:80", "a.example:8443"])
URLS = st.builds(
    "{}://{}/{}{}".format, st.sampled_from(["http", "https"]), HOSTS, st.just("p"), st.sampled_from(["", "?q=1&r="])
)


@given(
    pairs=st.lists(st.tuples(WORDS, WORDS), max_size=6),
    called=URLS,
    signed=URLS,
    algorithm=st.sampled_from(["", "HMAC_SHA1", "HMAC_SHA256"]),
)
@settings(max_examples=300, deadline=None)
def test_the_official_validator_and_ours_agree(
    pairs: list[tuple[str, str]], called: str, signed: str, algorithm: str
) -> None:
    body = urlencode(pairs)
    received = Fields(parse_qsl(body, keep_blank_values=True))
    referee = RequestValidator(TOKEN)
    signature = referee.compute_signature(signed, received, algorithm)
    header = {SETTINGS: f"key={KEY_ID},algorithm={algorithm}"} if algorithm else {}
    named = get_signature_algorithm(header.get(SETTINGS, ""))
    ours = verify(
        account=ACCOUNT, url=called, body=body.encode(), content_type=FORM, headers=header | {SIGNATURE: signature}
    )
    assert isinstance(ours, VerifiedForm) == referee.validate(called, received, signature, named)


@given(
    body=st.binary(max_size=200),
    url=st.text(max_size=60),
    kind=st.text(max_size=40),
    headers=st.dictionaries(st.sampled_from([SIGNATURE, SETTINGS, "Other"]), st.text(max_size=60)),
)
@settings(max_examples=300, deadline=None)
def test_no_bytes_whatever_raise(body: bytes, url: str, kind: str, headers: dict[str, str]) -> None:
    for content_type in (kind, FORM, "application/json"):
        result = verify(account=ACCOUNT, url=url, body=body, content_type=content_type, headers=headers)
        assert isinstance(result, Refusal)


@pytest.mark.parametrize("called", ["https://a.example/x?y=1", "https://a.example:443/x?y=1"])
@pytest.mark.parametrize("signed", ["https://a.example/x?y=1", "https://a.example:443/x?y=1"])
def test_the_standard_port_may_be_written_or_not(called: str, signed: str) -> None:
    assert isinstance(check({"a": "b"}, sign(signed, {"a": "b"}), url=called), VerifiedForm)


def test_both_auth_tokens_are_good_during_rotation_and_no_third() -> None:
    account = replace(ACCOUNT, secondary_auth_token="second")
    pairs = load("sms_incoming")
    for token in (TOKEN, "second"):
        assert isinstance(check(pairs, sign(URL, pairs, token), account=account), VerifiedForm)
    assert check(pairs, sign(URL, pairs, "third"), account=account) == Refusal(RefusalReason.WRONG_SIGNATURE)


def test_two_shared_keys_are_good_side_by_side_each_under_its_own_name() -> None:
    account = replace(ACCOUNT, shared_keys=(SharedKey("k1", "one"), SharedKey("k2", "two")))
    pairs = {"a": "b"}
    good = sign(URL, pairs, "two", "sha256")
    assert isinstance(check(pairs, good, account=account, settings="key=k2,algorithm=HMAC_SHA256"), VerifiedForm)
    assert isinstance(check(pairs, good, account=account, settings=" algorithm=hmac_sha256"), VerifiedForm)
    assert check(pairs, good, account=account, settings="key=k1,algorithm=HMAC_SHA256") == Refusal(
        RefusalReason.WRONG_SIGNATURE
    )
    assert check(pairs, good, account=account, settings="key=k3,algorithm=HMAC_SHA256") == Refusal(
        RefusalReason.UNKNOWN_KEY
    )


@pytest.mark.parametrize("settings_header", ["", "algorithm=HMAC_SHA256", "key=,algorithm=HMAC_SHA256"])
def test_an_empty_secret_signs_nothing(settings_header: str) -> None:
    account = TwilioAccount(account_sid="AC1", auth_token="", shared_keys=(SharedKey("k", ""),))
    algorithm = "sha256" if settings_header else "sha1"
    forged = sign(URL, {"a": "b"}, "", algorithm)
    assert check({"a": "b"}, forged, account=account, settings=settings_header) == Refusal(RefusalReason.NO_SECRET)


def test_an_algorithm_that_is_not_known_is_refused() -> None:
    signature = sign(URL, {"a": "b"})
    assert check({"a": "b"}, signature, settings="algorithm=NONE") == Refusal(RefusalReason.UNKNOWN_ALGORITHM)


def refused(body: bytes, content_type: str = FORM, headers: dict[str, str] | None = None) -> RefusalReason:
    given_headers = {SIGNATURE: "x"} if headers is None else headers
    result = verify(account=ACCOUNT, url=URL, body=body, content_type=content_type, headers=given_headers)
    assert isinstance(result, Refusal)
    return result.reason


def test_bad_input_is_refused_by_name() -> None:
    assert refused(b"a=b", headers={}) is RefusalReason.NO_SIGNATURE
    assert refused(b"a=b", headers={SIGNATURE: " "}) is RefusalReason.NO_SIGNATURE
    assert refused(b"a=" + b"b" * MAX_BODY_BYTES) is RefusalReason.TOO_LARGE
    assert refused(b"a=b&" * 1000) is RefusalReason.TOO_MANY_FIELDS
    assert refused(b"a=\xff") is RefusalReason.NOT_UTF8
    assert refused(b"a=%ff") is RefusalReason.NOT_UTF8
    assert refused(b"%c3%28=1") is RefusalReason.NOT_UTF8
    assert refused(b"a=b", "text/plain") is RefusalReason.UNKNOWN_CONTENT_TYPE
    assert refused(b"{}", "application/json") is RefusalReason.WRONG_BODY_HASH


def test_blank_values_and_repeated_fields_count_in_the_signature_and_the_first_value_is_read() -> None:
    referee = RequestValidator(TOKEN)
    body = "Body=&To=1&To=2&To=1"
    signature = referee.compute_signature(URL, Fields(parse_qsl(body, keep_blank_values=True)))
    result = verify(account=ACCOUNT, url=URL, body=body.encode(), content_type=FORM, headers={SIGNATURE: signature})
    assert isinstance(result, VerifiedForm)
    assert dict(result.fields) == {"Body": "", "To": "1"}


def test_the_accounts_secrets_stay_out_of_its_repr() -> None:
    account = TwilioAccount(
        account_sid="AC1",
        auth_token="secret-1",
        secondary_auth_token="secret-2",
        api_key_sid="SK1",
        api_key_secret="secret-3",
        shared_keys=(SharedKey("k", "secret-4"),),
    )
    assert "secret-" not in repr(account)
