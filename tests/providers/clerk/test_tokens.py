"""Only a token that Clerk signed, for us, and of now says who somebody is; its keys outlive Clerk's outages."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from frontdesk.kernel.clock import SystemClock
from frontdesk.ports.identity import OutsideIdentity
from frontdesk.providers.clerk import ClerkAccount, ClerkIdentity
from frontdesk.providers.http import HttpClient
from tests.providers.clerk.publisher import (
    AUDIENCE,
    ISSUER,
    KEY_NAME,
    SUBJECT,
    Publisher,
    claims_at,
    key_of,
    now,
    published,
    publishing,
    signed,
)


class MovedClock(SystemClock):
    """A clock that a test puts forward."""

    ahead = 0.0

    def now(self) -> datetime:
        return super().now() + timedelta(seconds=self.ahead)

    def monotonic(self) -> float:
        return super().monotonic() + self.ahead


@pytest.fixture
async def publisher() -> AsyncIterator[Publisher]:
    async with publishing() as opened:
        yield opened


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock()


@pytest.fixture
async def clerk(publisher: Publisher, clock: MovedClock) -> AsyncIterator[ClerkIdentity]:
    http = HttpClient()
    account = ClerkAccount(issuer=ISSUER, audience=AUDIENCE, jwks_url=publisher.url)
    yield ClerkIdentity(account, http, clock=clock)
    await http.close()


def _part(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def _unsigned(header: dict[str, object]) -> str:
    return f"{_part(header)}.{_part(claims_at(now()))}."


def _signed_with_the_public_key() -> str:
    """Sign by HMAC with what everybody knows: the oldest trick with two algorithms."""
    known = key_of(KEY_NAME).public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    text = f"{_part({'alg': 'HS256', 'typ': 'JWT', 'kid': KEY_NAME})}.{_part(claims_at(now()))}"
    mac = hmac.new(known, text.encode(), hashlib.sha256).digest()
    return f"{text}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"


def _tampered() -> str:
    head, _, tail = signed(claims_at(now())).split(".")
    return f"{head}.{_part(claims_at(now(), sub='user_of_somebody_else'))}.{tail}"


def bad_tokens() -> dict[str, str]:
    """Write a token for every way in which one can be wrong."""
    strangers = key_of("a stranger's")
    curve = ec.generate_private_key(ec.SECP256R1())
    old, soon = now() - timedelta(minutes=10), now() + timedelta(minutes=10)
    jwk = published(KEY_NAME, strangers)
    return {
        "alg none": _unsigned({"alg": "none", "typ": "JWT", "kid": KEY_NAME}),
        "alg None in another case": _unsigned({"alg": "nOnE", "typ": "JWT", "kid": KEY_NAME}),
        "HMAC with the public key": _signed_with_the_public_key(),
        "another algorithm of the same key": jwt.encode(
            claims_at(now()), key_of(KEY_NAME), algorithm="RS512", headers={"kid": KEY_NAME}
        ),
        "another kind of key": jwt.encode(claims_at(now()), curve, algorithm="ES256", headers={"kid": KEY_NAME}),
        "a kid that is a path": signed(claims_at(now()), key=strangers, headers={"kid": "../../dev/null"}),
        "a kid that nobody knows": signed(claims_at(now()), key=strangers, headers={"kid": "ins_9"}),
        "a stranger's key under a known kid": signed(claims_at(now()), key=strangers),
        "a key by address": signed(claims_at(now()), key=strangers, headers={"jku": "https://mallory.example/jwks"}),
        "a key brought along": signed(claims_at(now()), key=strangers, headers={"jwk": jwk}),
        "a claim that was changed": _tampered(),
        "wrong audience": signed(claims_at(now(), aud="https://other.example.com")),
        "wrong authorized party": signed(claims_at(now(), azp="https://other.example.com")),
        "no audience at all": signed(claims_at(now(), azp=None)),
        "wrong issuer": signed(claims_at(now(), iss="https://mallory.example.com")),
        "expired": signed(claims_at(old)),
        "not yet valid": signed(claims_at(soon)),
        "without an end": signed(claims_at(now(), exp=None)),
        "without a beginning": signed(claims_at(now(), nbf=None)),
        "without a person": signed(claims_at(now(), sub=None)),
        "of another type": signed(claims_at(now()), headers={"typ": "at+jwt"}),
        "of a session that is pending": signed(claims_at(now(), sts="pending")),
        "a critical header that we do not know": signed(claims_at(now()), headers={"crit": ["b64"], "b64": False}),
        "too long": signed(claims_at(now(), fea="x" * 9000)),
        "no token": "abc",
        "three empty parts": "..",
    }


BAD = tuple(bad_tokens())


async def test_a_token_of_now_says_who_it_is(clerk: ClerkIdentity) -> None:
    found = await clerk.read_token(signed(claims_at(now())))
    assert isinstance(found, OutsideIdentity)
    assert (found.issuer, found.subject) == (ISSUER, SUBJECT)


async def test_an_audience_of_a_template_counts_as_well(clerk: ClerkIdentity) -> None:
    assert await clerk.read_token(signed(claims_at(now(), aud=[AUDIENCE, "else"], azp=None)))


@pytest.mark.parametrize("which", BAD)
async def test_anything_else_says_nothing(clerk: ClerkIdentity, which: str) -> None:
    assert await clerk.read_token(bad_tokens()[which]) is None


@pytest.mark.parametrize(("late", "believed"), [(64, True), (66, False)])
async def test_clocks_may_differ_by_five_seconds(
    clerk: ClerkIdentity, clock: MovedClock, late: float, *, believed: bool
) -> None:
    token = signed(claims_at(now()))
    clock.ahead = late
    assert (await clerk.read_token(token) is not None) is believed


async def test_keys_are_asked_for_once_an_hour_and_kept_through_an_outage(
    clerk: ClerkIdentity, publisher: Publisher, clock: MovedClock
) -> None:
    for _ in range(3):
        assert await clerk.read_token(signed(claims_at(clock.now())))
    assert publisher.asked == 1
    publisher.status = 503
    clock.ahead = 3700
    assert await clerk.read_token(signed(claims_at(clock.now()))), "stale, and still good"
    assert publisher.asked == 2
    assert await clerk.read_token(signed(claims_at(clock.now())))
    assert publisher.asked == 2, "who is down is not asked with every request"
    clock.ahead = 8 * 24 * 3600
    assert await clerk.read_token(signed(claims_at(clock.now()))) is None


async def test_a_new_key_is_found_and_made_up_names_cost_nothing(
    clerk: ClerkIdentity, publisher: Publisher, clock: MovedClock
) -> None:
    assert await clerk.read_token(signed(claims_at(now())))
    publisher.keys["ins_2"] = published("ins_2", key_of("second"))
    second = signed(claims_at(now(), exp=int(now().timestamp()) + 600), key=key_of("second"), headers={"kid": "ins_2"})
    clock.ahead = 31
    assert await clerk.read_token(second)
    for number in range(50):
        assert await clerk.read_token(signed(claims_at(clock.now()), headers={"kid": f"made up {number}"})) is None
    assert publisher.asked == 2
    del publisher.keys[KEY_NAME]
    clock.ahead = 3700
    assert await clerk.read_token(signed(claims_at(clock.now()))) is None, "a key that was withdrawn is no key"


@pytest.mark.parametrize("changed", [{"use": "enc"}, {"alg": "RS512"}, {"kty": "oct", "k": "AAAA"}, {"d": "AQAB"}])
async def test_keys_of_other_kinds_are_not_taken(
    clerk: ClerkIdentity, publisher: Publisher, changed: dict[str, object]
) -> None:
    publisher.keys = {KEY_NAME: published(KEY_NAME, key_of(KEY_NAME), **changed)}
    assert await clerk.read_token(signed(claims_at(now()))) is None
