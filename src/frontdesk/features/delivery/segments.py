"""How many segments a text costs, and how to write it so that it costs fewer (3GPP TS 23.038 and 23.040)."""

# ruff: noqa: RUF001  # look-alike letters are the data of this module

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

GSM7_BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM7_EXTENSION = "\f^{}\\[~]|€"  # an escape and a letter: two units that stay in one segment


class Encoding(StrEnum):
    """How the letters of a text travel."""

    GSM7 = "gsm7"
    UCS2 = "ucs2"


@dataclass(frozen=True, slots=True)
class Segments:
    """A text's encoding, its length in septets (GSM-7) or 16-bit units (UCS-2), and how many segments it takes."""

    encoding: Encoding
    units: int
    count: int


@dataclass(frozen=True, slots=True)
class _Room:
    """Units in a text of one segment, and in each segment of a longer one, which carries a 6-byte header."""

    alone: int
    joined: int


_ROOM = {Encoding.GSM7: _Room(160, 153), Encoding.UCS2: _Room(70, 67)}

_ALL_GSM7 = re.compile(f"[{re.escape(GSM7_BASIC + GSM7_EXTENSION)}]*").fullmatch
_EXTENSIONS = re.compile(f"[{re.escape(GSM7_EXTENSION)}]").findall
_BEYOND_BMP = re.compile("[\U00010000-\U0010ffff]").findall


def count(body: str) -> Segments:
    """Count the segments of `body` as carriers bill them.

    An extension character is never split from its escape, nor a surrogate pair in two. The empty text counts as one
    segment, since a budget must not think that a send is free.
    """
    if _ALL_GSM7(body):
        encoding, doubles = Encoding.GSM7, len(_EXTENSIONS(body))
    else:
        encoding, doubles = Encoding.UCS2, len(_BEYOND_BMP(body))
    units, room = len(body) + doubles, _ROOM[encoding]
    if units <= room.alone:
        return Segments(encoding, units, 1)
    if not doubles:
        return Segments(encoding, units, -(-units // room.joined))
    return Segments(encoding, units, sum(1 for _ in _pieces(body, encoding)))


def split(body: str) -> tuple[str, ...]:
    """Cut `body` into its segments; joined they are `body` again."""
    segments = count(body)
    return (body,) if segments.count == 1 else tuple(_pieces(body, segments.encoding))


def to_gsm7_friendly(body: str) -> str:
    """Replace typographic letters by plain ones if then the whole text fits GSM-7; otherwise return `body` as it is.

    The replacements are the family that carriers make themselves ("smart encoding"): quotes, dashes, dots, spaces,
    full-width forms, invisible characters. Each space becomes one space, where Twilio writes two, or seven for a tab.
    Letters that mean something else without their mark (lower-case c-cedilla, Greek) are kept, and keep UCS-2.
    """
    if _ALL_GSM7(body):
        return body
    plain = unicodedata.normalize("NFC", body).translate(_PLAIN)
    return plain if _ALL_GSM7(plain) else body


def beyond_gsm7(body: str) -> tuple[str, ...]:
    """List the letters, each once and in order, for which `body` cannot travel as GSM-7 even after replacements."""
    plain = unicodedata.normalize("NFC", body).translate(_PLAIN)
    return tuple(dict.fromkeys(letter for letter in plain if letter not in GSM7_BASIC + GSM7_EXTENSION))


def room_for(segments: Segments) -> int:
    """Tell how many units fit into as many segments as a text takes."""
    room = _ROOM[segments.encoding]
    return room.alone if segments.count == 1 else room.joined * segments.count


def _pieces(body: str, encoding: Encoding) -> Iterator[str]:
    room = _ROOM[encoding].joined
    doubled = _EXTENSIONS if encoding is Encoding.GSM7 else _BEYOND_BMP
    start = 0
    while start < len(body):
        piece = body[start : start + room]
        while (excess := len(piece) + len(doubled(piece)) - room) > 0:
            piece = piece[: -((excess + 1) // 2)]  # a character is at most two units, so this never cuts too much
        yield piece
        start += len(piece)


def _table() -> dict[int, str]:
    families = {
        '"': "«»“”„‟ʺˮ❝❞〝〞″",
        "'": "‘’‚‛ʹʻʼʽˈˊˋ`´❛❜′",
        "-": "‐‑‒–—―−⁃•﹣⎼⎽",
        "...": "…",
        " ": "\t\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000",
        "\n": "\u0085\u2028\u2029\v",
        "": (
            "\u00ad\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e"
            "\u2060\u2066\u2067\u2068\u2069\ufe0e\ufeff"
        ),
        "/": "÷⁄∕⧸",
        "\\": "⧵⧹﹨",
        "_": "‗",
        "|": "∣⎸⎹⏐",
        "<": "‹﹤",
        ">": "›﹥",
        "!": "ǃ﹗",
        "!!": "‼",
        "?": "﹖",
        "*": "⁎∗⊛✱✲✳✻✼✽❃❉❊❋﹡",
        "+": "﹢˖",
        ",": "、﹐﹑､",
        ".": "。﹒｡",
        ":": "ː˸꞉﹕",
        ";": "⁏﹔",
        "=": "꞊﹦",
        "(": "❨❪﹙⟮⦅",
        ")": "❩❫﹚⟯⦆",
        "{": "❴﹛",
        "}": "❵﹜",
        "^": "ˆ",
        "~": "˜˷∼",
        "#": "﹟",
        "%": "﹪",
        "&": "﹠",
        "@": "﹫",
        "$": "﹩",
        "1/4": "¼",
        "1/2": "½",
        "3/4": "¾",
    }
    table = {ord(letter): plain for plain, letters in families.items() for letter in letters}
    table.update({code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)})  # full-width forms of ASCII
    table.update({code: "" for code in range(0x20) if chr(code) not in "\t\n\v\f\r"})
    return table


_PLAIN = _table()
