"""What Stripe sends, as recorded and as its fixtures have it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeAlias

from frontdesk.providers.stripe import StripeAccount, sign

Json: TypeAlias = dict[str, object]
FOLDER = Path(__file__).parents[2] / "fixtures" / "stripe"
OBJECTS: dict[str, Json] = json.loads((FOLDER / "objects.json").read_text(encoding="utf-8"))
VECTOR: Json = json.loads((FOLDER / "signature_vector.json").read_text(encoding="utf-8"))
SECRET = "whsec_test"
NOW = datetime.fromtimestamp(int(str(VECTOR["timestamp"])), UTC)
ACCOUNT = StripeAccount(secret_key="sk_test_1", webhook_secrets=(SECRET,))


def webhook(kind: str) -> bytes:
    """Read a recorded webhook's body."""
    kept = json.loads((FOLDER / "webhooks" / f"{kind}.json").read_text(encoding="utf-8"))
    return json.dumps(kept["body"]).encode()


def error(name: str) -> tuple[int, bytes]:
    """Read a recorded error: its status and its body."""
    kept = json.loads((FOLDER / "errors" / f"{name}.json").read_text(encoding="utf-8"))
    return int(kept["_headers"]["status"]), json.dumps(kept["body"]).encode()


def event(kind: str, it: Json, *, event_id: str = "evt_1") -> bytes:
    """Write an event around an object."""
    return json.dumps({"id": event_id, "type": kind, "created": 1767614400, "data": {"object": it}}).encode()


def signed(body: bytes, *, at: datetime = NOW, secret: str = SECRET) -> dict[str, str]:
    """Sign a body as Stripe does."""
    timestamp = str(int(at.timestamp()))
    return {"Stripe-Signature": f"t={timestamp},v1={sign(secret, timestamp=timestamp, body=body)}"}
