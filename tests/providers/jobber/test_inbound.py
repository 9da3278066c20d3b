"""Jobber's webhooks are believed by their signature alone, and read in both spellings."""

from __future__ import annotations

import hashlib
import hmac
from base64 import b64encode

import pytest

from frontdesk.providers.jobber import News, verify

# What Jobber's scheme gives for this body and secret, worked out independently of this program.
BODY = (
    b'{"data":{"webHookEvent":{"topic":"VISIT_UPDATE","appId":"3ef22a50-072d-430c-a78f-b7646657560b",'
    b'"accountId":"MQ==","itemId":"MQ==","occurredAt":"2026-01-05T16:31:36-06:00"}}}'
)
SIGNATURE = "IdHThkRwtkN5e5pzPySHIYbL7SKwMopuihCCtyQX+W4="
SECRET = "client_secret"


def signed(body: bytes, secret: str = SECRET) -> dict[str, str]:
    return {"x-jobber-hmac-sha256": b64encode(hmac.digest(secret.encode(), body, hashlib.sha256)).decode()}


def test_a_known_signature_is_believed() -> None:
    news = verify(body=BODY, headers={"x-jobber-hmac-sha256": SIGNATURE}, client_secret=SECRET)
    assert news == News("VISIT_UPDATE", "MQ==", "MQ==", "2026-01-05T16:31:36-06:00")


def test_apps_of_old_get_it_in_another_spelling() -> None:
    body = BODY.replace(b"occurredAt", b"occuredAt")
    news = verify(body=body, headers=signed(body), client_secret=SECRET)
    assert news is not None
    assert news.occurred_at == "2026-01-05T16:31:36-06:00"


@pytest.mark.parametrize(
    "headers",
    [{}, {"x-jobber-hmac-sha256": ""}, {"x-jobber-hmac-sha256": SIGNATURE[:-2]}, signed(BODY, "another"), signed(b"")],
)
def test_anything_else_is_not(headers: dict[str, str]) -> None:
    assert verify(body=BODY, headers=headers, client_secret=SECRET) is None


@pytest.mark.parametrize("body", [b"", b"[]", b'{"data":{}}', b"\xff"])
def test_what_is_signed_but_no_news_is_not_taken(body: bytes) -> None:
    assert verify(body=body, headers=signed(body), client_secret=SECRET) is None


def test_one_piece_of_news_has_one_key_however_often_it_is_told() -> None:
    first, again = (verify(body=BODY, headers=signed(BODY), client_secret=SECRET) for _ in range(2))
    assert first is not None
    assert again is not None
    assert first.dedupe_key == again.dedupe_key
    later = verify(body=(other := BODY.replace(b"16:31", b"16:32")), headers=signed(other), client_secret=SECRET)
    assert later is not None
    assert later.dedupe_key != first.dedupe_key
