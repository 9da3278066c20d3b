"""Webhooks as Twilio would sign them: the account of the tests, and forms taken from the fixtures."""

from __future__ import annotations

import hmac
import json
from base64 import b64encode
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlencode

from frontdesk.providers.twilio import Refusal, SharedKey, TwilioAccount, VerifiedForm, verify

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures" / "twilio"
TOKEN = "0123456789abcdef0123456789abcdef"
KEY_ID = "webhooks_sharedkey_01"
FORM = "application/x-www-form-urlencoded; charset=UTF-8"
ACCOUNT = TwilioAccount(
    account_sid="AC00000000000000000000000000000000", auth_token=TOKEN, shared_keys=(SharedKey(KEY_ID, TOKEN),)
)


def sign(url: str, pairs: Mapping[str, str], token: str = TOKEN, algorithm: str = "sha1") -> str:
    """Sign a form as Twilio's documentation describes it."""
    signed = url + "".join(name + pairs[name] for name in sorted(pairs))
    return b64encode(hmac.digest(token.encode(), signed.encode(), algorithm)).decode()


def load(name: str) -> dict[str, str]:
    """Load the form of a webhook fixture."""
    form: dict[str, str] = json.loads((FIXTURES / "webhooks" / f"{name}.json").read_text())["form"]
    return form


def deliver(pairs: Mapping[str, str], url: str = "https://app.example.com/webhooks/twilio/x") -> VerifiedForm:
    """Sign a form, verify it as it would arrive, and give what the verification made of it."""
    result = verify(
        account=ACCOUNT,
        url=url,
        body=urlencode(pairs).encode(),
        content_type=FORM,
        headers={"X-Twilio-Signature": sign(url, pairs), "I-Twilio-Idempotency-Token": "token-1"},
    )
    assert not isinstance(result, Refusal), result.reason
    return result
