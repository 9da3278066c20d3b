"""Google's push messages are read from headers, whatever stands in them."""

from __future__ import annotations

import pytest

from frontdesk.providers.google import Push, PushState, read_push

MESSAGE = {
    "x-goog-channel-id": "01234567-89ab-cdef-0123456789ab",
    "x-goog-channel-token": "secret",
    "x-goog-resource-id": "ret08u3rv24htgh289g",
    "x-goog-resource-state": "exists",
    "x-goog-message-number": "10",
}


def test_a_message_is_read_and_keeps_its_token_to_itself() -> None:
    push = read_push(MESSAGE)
    assert push == Push(MESSAGE["x-goog-channel-id"], "secret", "ret08u3rv24htgh289g", PushState.EXISTS, 10)
    assert push is not None
    assert push.dedupe_key == "01234567-89ab-cdef-0123456789ab:10"
    assert "secret" not in repr(push)


@pytest.mark.parametrize(
    "changes",
    [
        {"x-goog-resource-state": ""},
        {"x-goog-resource-state": "gone"},
        {"x-goog-message-number": ""},
        {"x-goog-message-number": "-1"},
        {"x-goog-message-number": "ten"},
        {"x-goog-channel-id": ""},
    ],
)
def test_headers_that_are_no_message_are_none(changes: dict[str, str]) -> None:
    assert read_push({**MESSAGE, **changes}) is None
    assert read_push({}) is None
