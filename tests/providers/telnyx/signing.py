"""A Telnyx account whose private key the tests hold, and events signed with it."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from frontdesk.providers.telnyx import TelnyxAccount

FIXTURES = Path(__file__).parents[2] / "fixtures" / "telnyx"
VECTOR = json.loads((FIXTURES / "signature_vector.json").read_text())
KEY = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(VECTOR["seed_hex"]))
ACCOUNT = TelnyxAccount(api_key="KEY0123456789", public_keys=(VECTOR["public_key"],))
NOW = datetime.fromtimestamp(VECTOR["timestamp"], UTC)

Json = dict[str, object]


def signed_headers(body: bytes, *, at: datetime = NOW, key: Ed25519PrivateKey = KEY) -> dict[str, str]:
    """Sign a body as Telnyx would at a moment."""
    timestamp = str(int(at.timestamp()))
    signature = base64.b64encode(key.sign(timestamp.encode() + b"|" + body)).decode()
    return {"Telnyx-Signature-Ed25519": signature, "Telnyx-Timestamp": timestamp}


def payload(**changed: object) -> Json:
    """Make a message as events carry it; `sender` stands for `from`, which Python reserves."""
    sender = changed.pop("sender", {"phone_number": "+12065550100"})
    return {
        "record_type": "message",
        "direction": "inbound",
        "id": "5c1d9f54-3f0b-4a52-8d3c-0b3a3a1f6e21",
        "type": "SMS",
        "from": sender,
        "to": [{"phone_number": "+12125550100", "status": "webhook_delivered"}],
        "text": "Is tomorrow at 3 still fine?",
        "media": [],
        "errors": [],
    } | changed


def event_body(event_type: str, message: Json, *, event_id: str = "e1") -> bytes:
    """Write an event as it is posted."""
    data = {"record_type": "event", "event_type": event_type, "id": event_id, "payload": message}
    return json.dumps({"data": data, "meta": {"attempt": 1}}).encode()
