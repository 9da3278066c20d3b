"""Numbers with a fixed meaning: a text to `+15005554NNN` meets Telnyx's error 40NNN."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from frontdesk.providers.twin.memory import FateRule

_PREFIX: Final = "+15005554"
_LENGTH: Final = len("+15005554300")
# Below this a carrier tells the error afterwards; from here on Telnyx refuses the request.
_FIRST_REFUSAL: Final = 40_100
_BEFORE_SENDING: Final = frozenset({40014, 40011, 40016, 40018})
_WORDS: Final = {"undelivered": "delivery_failed", "failed": "sending_failed", "unconfirmed": "delivery_unconfirmed"}
FATES: Final = frozenset({"", "delivered", "sent", *_WORDS, *_WORDS.values()})


def _code_of(number: str) -> int:
    return 40_000 + int(number[-3:]) if number.startswith(_PREFIX) and len(number) == _LENGTH else 0


def refusal_of(number: str) -> int:
    """Tell with which error a text to a number is refused at once; 0 for none."""
    code = _code_of(number)
    return code if code >= _FIRST_REFUSAL else 0


def fate_of(number: str, fates: Mapping[str, FateRule]) -> FateRule:
    """Find the end of a text: set by control, or by the number; else it is delivered."""
    if (rule := fates.get(number)) is not None:
        return rule
    return fate_rule("", _code_of(number))


def fate_rule(status: str, code: int) -> FateRule:
    """Complete a fate: the product's common words are Telnyx's own here, and an error implies how the text ends."""
    if status:
        return FateRule(_WORDS.get(status, status), code)
    if not code:
        return FateRule("delivered", 0)
    return FateRule("sending_failed" if code in _BEFORE_SENDING else "delivery_failed", code)
