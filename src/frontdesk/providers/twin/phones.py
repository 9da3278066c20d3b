"""Which texts can be telephone numbers, as both companies check them."""

from __future__ import annotations

import re
from typing import Final

_E164: Final = re.compile(r"\+[1-9]\d{6,14}\Z")
_NANP: Final = re.compile(r"\+1[2-9]\d{9}\Z")


def is_phone(text: str) -> bool:
    """Tell whether it can be a telephone number: E.164, ten digits after +1."""
    if text.startswith("+1"):
        return _NANP.match(text) is not None
    return _E164.match(text) is not None
