"""Verify that a webhook comes from Twilio, on the raw bytes, before anything in it is believed."""

from __future__ import annotations

import hashlib
import hmac
from base64 import b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import SplitResult, parse_qs, parse_qsl, urlsplit

from frontdesk.providers.twilio.account import TwilioAccount

MAX_BODY_BYTES = 64 * 1024
MAX_FIELDS = 1000

SIGNATURE_HEADER = "x-twilio-signature"
SETTINGS_HEADER = "x-twilio-webhooks-signature-settings"
IDEMPOTENCY_HEADER = "i-twilio-idempotency-token"
FORM = "application/x-www-form-urlencoded"
JSON = "application/json"

_STANDARD_PORTS = {"http": 80, "https": 443}
_ALGORITHMS = {"HMAC_SHA1": "sha1", "HMAC_SHA256": "sha256"}


class RefusalReason(StrEnum):
    """Why a webhook was not believed; safe to log and to count."""

    NO_SIGNATURE = "no_signature"
    NO_SECRET = "no_secret"  # noqa: S105 - a reason, not a secret
    WRONG_SIGNATURE = "wrong_signature"
    UNKNOWN_ALGORITHM = "unknown_algorithm"
    UNKNOWN_KEY = "unknown_key"
    WRONG_BODY_HASH = "wrong_body_hash"
    UNKNOWN_CONTENT_TYPE = "unknown_content_type"
    TOO_LARGE = "too_large"
    TOO_MANY_FIELDS = "too_many_fields"
    NOT_UTF8 = "not_utf8"
    BAD_URL = "bad_url"


@dataclass(frozen=True, slots=True)
class Refusal:
    """The webhook is not believed."""

    reason: RefusalReason


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedForm:
    """A webhook that Twilio signed: its fields (the first value of each name) and the query of its URL.

    `fields` is empty for a JSON body, which stays raw in `body`. `idempotency_token` is the same on every retry of
    one delivery, yet a duplicate may come with another one: good for the log, useless as a key.
    """

    fields: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes
    idempotency_token: str = ""

    def get(self, name: str) -> str:
        """Give a field without surrounding blanks, empty if absent."""
        return self.fields.get(name, "").strip()


def verify(
    *, account: TwilioAccount, url: str, body: bytes, content_type: str, headers: Mapping[str, str]
) -> VerifiedForm | Refusal:
    """Check a webhook's signature and read its form once; never raises, whatever the bytes.

    `url` is the address Twilio called, query included (see `public_url`). Form bodies: HMAC over the URL and the
    sorted parameters; JSON bodies: over the URL, whose `bodySHA256` must match. The key is the auth token or its
    rotating companion, or the shared key named by the settings header, which also names the algorithm.
    """
    known = {name.lower(): value for name, value in headers.items()}
    signature = known.get(SIGNATURE_HEADER, "").strip()
    if not signature or len(body) > MAX_BODY_BYTES:
        return Refusal(RefusalReason.TOO_LARGE if signature else RefusalReason.NO_SIGNATURE)
    keys = _signing_keys(account, known.get(SETTINGS_HEADER, ""))
    if isinstance(keys, Refusal):
        return keys
    try:
        parts = urlsplit(url)
        addresses = _addresses(url, parts)
        query = parse_qs(parts.query, keep_blank_values=True, max_num_fields=MAX_FIELDS)
    except ValueError:
        return Refusal(RefusalReason.BAD_URL)
    pairs = _read_body(body, content_type, query)
    if isinstance(pairs, Refusal):
        return pairs
    signed_part = "".join(name + value for name, value in sorted(set(pairs)))
    if not _is_signed(signature, keys, (address + signed_part for address in addresses)):
        return Refusal(RefusalReason.WRONG_SIGNATURE)
    return VerifiedForm(
        fields=dict(reversed(pairs)),
        query={name: values[0] for name, values in query.items()},
        body=body,
        idempotency_token=known.get(IDEMPOTENCY_HEADER, ""),
    )


def _signing_keys(account: TwilioAccount, settings: str) -> tuple[str, tuple[str, ...]] | Refusal:
    """Choose the hash and the secrets that may have signed; the settings header is Twilio's word on both."""
    named = {}
    for part in settings.split(","):
        name, _, value = part.partition("=")
        named[name.strip().lower()] = value.strip()
    algorithm = _ALGORITHMS.get((named.get("algorithm") or "HMAC_SHA1").upper())
    if algorithm is None:
        return Refusal(RefusalReason.UNKNOWN_ALGORITHM)
    key_id = named.get("key", "")
    if key_id:
        secrets = tuple(key.secret for key in account.shared_keys if key.key_id == key_id and key.secret)
        return (algorithm, secrets) if secrets else Refusal(RefusalReason.UNKNOWN_KEY)
    if algorithm == "sha1":
        secrets = account.auth_tokens
    else:
        secrets = tuple(key.secret for key in account.shared_keys if key.secret)
    return (algorithm, secrets) if secrets else Refusal(RefusalReason.NO_SECRET)


def _addresses(url: str, parts: SplitResult) -> tuple[str, ...]:
    """Spell the URL as received, without a port, and with one: which of them Twilio signs is not consistent."""
    user, at, place = parts.netloc.rpartition("@")
    host = place
    if parts.port is not None:
        host = place.rpartition(":")[0]
    port = parts.port or _STANDARD_PORTS.get(parts.scheme)
    bare = parts._replace(netloc=user + at + host).geturl()
    full = parts._replace(netloc=f"{user}{at}{host}:{port}").geturl() if port else bare
    return tuple(dict.fromkeys((url, bare, full)))


def _read_body(body: bytes, content_type: str, query: Mapping[str, list[str]]) -> list[tuple[str, str]] | Refusal:
    """Read a form's pairs, or check a JSON body against the hash in the URL and give no pairs."""
    kind = content_type.partition(";")[0].strip().lower()
    if kind == JSON:
        announced = query.get("bodySHA256", [""])[0]
        actual = hashlib.sha256(body).hexdigest()
        matches = hmac.compare_digest(actual.encode(), announced.lower().encode("utf-8", "surrogatepass"))
        return [] if matches else Refusal(RefusalReason.WRONG_BODY_HASH)
    if not body:
        return []
    if kind != FORM:
        return Refusal(RefusalReason.UNKNOWN_CONTENT_TYPE)
    if body.count(b"&") >= MAX_FIELDS:
        return Refusal(RefusalReason.TOO_MANY_FIELDS)
    try:
        return parse_qsl(body.decode("utf-8"), keep_blank_values=True, errors="strict")
    except UnicodeDecodeError:
        return Refusal(RefusalReason.NOT_UTF8)


def _is_signed(signature: str, keys: tuple[str, tuple[str, ...]], messages: Iterable[str]) -> bool:
    """Compare with every signature that would do, in constant time and without stopping at the first."""
    algorithm, secrets = keys
    given = signature.encode("utf-8", "surrogatepass")
    matches = False
    for message in messages:
        data = message.encode("utf-8", "surrogatepass")
        for secret in secrets:
            digest = hmac.digest(secret.encode(), data, algorithm)
            matches |= hmac.compare_digest(b64encode(digest), given)
    return matches
