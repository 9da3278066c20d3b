"""How many parts a text is sent in (GSM 03.38 and UCS-2)."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

_GSM: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM_EXTENDED: Final = frozenset("\f^{}\\[~]|€")
_LAST_OF_BASIC_PLANE: Final = "\uffff"
_GSM_ALONE, _GSM_JOINED, _UCS_ALONE, _UCS_JOINED = 160, 153, 70, 67


def is_gsm(body: str) -> bool:
    """Tell whether every character is in the GSM alphabet or its extension."""
    return all(char in _GSM or char in _GSM_EXTENDED for char in body)


@lru_cache(maxsize=4096)
def count_segments(body: str) -> int:
    """Count parts; an escaped or surrogate pair never straddles two of them."""
    gsm = is_gsm(body)
    alone, joined = (_GSM_ALONE, _GSM_JOINED) if gsm else (_UCS_ALONE, _UCS_JOINED)
    widths = [2 if (char in _GSM_EXTENDED if gsm else char > _LAST_OF_BASIC_PLANE) else 1 for char in body]
    if sum(widths) <= alone:
        return 1
    parts, used = 1, 0
    for width in widths:
        if used + width > joined:
            parts, used = parts + 1, 0
        used += width
    return parts
