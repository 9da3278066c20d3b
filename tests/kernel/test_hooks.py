"""Signatures, retry times, sealed secrets and bodies of outgoing webhooks."""

from __future__ import annotations

import base64
import json
import random
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from frontdesk.kernel import hooks
from frontdesk.kernel.hooks import DeliveryStatus, Sealer, Unreadable
from frontdesk.kernel.hooks.model import MAX_BODY_BYTES
from frontdesk.kernel.hooks.signing import SECRET_PREFIX

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
MESSAGE = UUID(int=7)
# The standard's own example.
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
EXAMPLE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_the_known_answer_of_the_standard() -> None:
    signed = hooks.sign(
        [SECRET], message_id="msg_p5jXN8AQM9LWM0D4loKWxJek", timestamp=1614265330, body=b'{"test": 2432232314}'
    )
    assert signed == EXAMPLE


def test_while_two_secrets_are_in_use_both_sign() -> None:
    other = hooks.new_secret()
    both = hooks.sign([other, SECRET], message_id="msg_1", timestamp=1, body=b"{}")
    alone = [hooks.sign([secret], message_id="msg_1", timestamp=1, body=b"{}") for secret in (other, SECRET)]
    assert both == " ".join(alone)


def test_a_new_secret_has_256_random_bits_in_the_standards_form() -> None:
    made = {hooks.new_secret() for _ in range(50)}
    assert len(made) == 50
    for secret in made:
        assert secret.startswith(SECRET_PREFIX)
        assert len(base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)) == 32


@pytest.mark.parametrize("secret", ["whsec_" + base64.b64encode(b"x" * 23).decode(), "whsec_!!!", "", "whsec_"])
def test_a_weak_or_malformed_secret_signs_nothing(secret: str) -> None:
    with pytest.raises(ValueError, match="signing secret"):
        hooks.sign([secret], message_id="msg_1", timestamp=1, body=b"{}")


def test_a_delivery_is_tried_eight_times_within_27_h_35_min_5_s() -> None:
    waits = [wait.total_seconds() for wait in hooks.RETRY_AFTER]
    assert waits == [0, 5, 300, 1800, 7200, 18000, 36000, 36000]
    assert sum(hooks.RETRY_AFTER, timedelta()) == timedelta(hours=27, minutes=35, seconds=5)


def test_each_failure_waits_its_time_and_a_little_more_and_the_last_one_gives_up() -> None:
    chance = random.Random(7)
    for step in range(7):
        for _ in range(50):
            following = hooks.after_failure(step, now=NOW, chance=chance)
            assert (following.status, following.step) == (DeliveryStatus.PENDING, step + 1)
            wait = hooks.RETRY_AFTER[step + 1]
            assert wait <= following.due_at - NOW <= wait * 1.1
    assert hooks.after_failure(7, now=NOW, chance=chance).status is DeliveryStatus.EXHAUSTED


def test_a_secret_opens_with_its_own_key_for_its_own_endpoint_only() -> None:
    sealer = Sealer("a key of this installation")
    sealed = sealer.seal(SECRET, endpoint_id=MESSAGE)
    assert SECRET.encode() not in sealed
    assert sealer.open(sealed, endpoint_id=MESSAGE) == SECRET
    assert sealer.seal(SECRET, endpoint_id=MESSAGE) != sealed
    for opener, endpoint_id, what in (
        (Sealer("another key"), MESSAGE, sealed),
        (sealer, UUID(int=8), sealed),
        (sealer, MESSAGE, sealed[:-1] + bytes([sealed[-1] ^ 1])),
    ):
        with pytest.raises(Unreadable):
            opener.open(what, endpoint_id=endpoint_id)


def test_a_body_tells_type_time_and_data() -> None:
    body = hooks.write_body("calls.missed.v1", at=NOW, data='{"call_id": "x", "name": "Zoë"}', message_id=MESSAGE)
    assert json.loads(body) == {
        "type": "calls.missed.v1",
        "timestamp": "2026-05-04T12:00:00.000000Z",
        "data": {"call_id": "x", "name": "Zoë"},
    }


def test_a_body_that_would_be_too_large_names_its_event_alone() -> None:
    data = json.dumps({"words": "é" * 10_000})
    body = hooks.write_body("calls.missed.v1", at=NOW, data=data, message_id=MESSAGE)
    assert json.loads(body)["data"] == {"event_id": str(MESSAGE), "truncated": True}
    assert len(body.encode()) < MAX_BODY_BYTES
    just_below = json.dumps({"words": "x" * (MAX_BODY_BYTES - 200)})
    assert "truncated" not in hooks.write_body("calls.missed.v1", at=NOW, data=just_below, message_id=MESSAGE)
