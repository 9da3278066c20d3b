"""The page on outgoing webhooks is true: its example checks our signatures, and refuses everything else."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import pytest

from frontdesk.kernel import hooks
from frontdesk.kernel.hooks.signing import sign
from tests.docs.pages import ROOT, blocks, prose

PAGE = ROOT / "docs" / "outgoing-webhooks.md"
NOW = 1_767_614_400
BODY = b'{"type":"calls.missed.v1"}'
Check = Callable[..., bool]


@pytest.fixture
def check() -> Check:
    """Take the example from the page."""
    [example] = blocks(PAGE, "python")
    names: dict[str, object] = {}
    exec(compile(example, str(PAGE), "exec"), names)  # noqa: S102 - the page's own example
    return cast("Check", names["is_from_frontdesk"])


def headers(*secrets: str, message_id: str = "msg_1", timestamp: int = NOW, body: bytes = BODY) -> dict[str, str]:
    """Write the headers of a message."""
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": sign(secrets, message_id=message_id, timestamp=timestamp, body=body),
    }


def test_the_example_takes_what_we_sign_with_either_secret(check: Check) -> None:
    old, new = hooks.new_secret(), hooks.new_secret()
    for secret in (old, new):
        assert check(secret, headers(old, new), BODY, now=NOW + 299)


def test_the_example_refuses_what_is_tampered_with_or_old_or_somebody_elses(check: Check) -> None:
    secret = hooks.new_secret()
    told = headers(secret)
    assert not check(hooks.new_secret(), told, BODY, now=NOW)
    assert not check(secret, told, BODY + b" ", now=NOW)
    assert not check(secret, told | {"webhook-id": "msg_2"}, BODY, now=NOW)
    assert not check(secret, told, BODY, now=NOW + 301)
    assert not check(secret, told | {"webhook-timestamp": str(NOW + 1)}, BODY, now=NOW)


def test_the_known_answer_of_the_page_is_ours() -> None:
    text = " ".join(prose(PAGE).split())
    secret, message_id, body = (
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        b'{"test": 2432232314}',
    )
    signature = sign([secret], message_id=message_id, timestamp=1614265330, body=body)
    for shown in (secret, message_id, "1614265330", body.decode(), signature):
        assert f"`{shown}`" in text
