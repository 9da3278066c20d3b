"""Keeping secrets, message bodies, personal data and forged lines out of every log line."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from pathlib import PurePath
from uuid import UUID

REDACTED = "[redacted]"
MIN_SECRET_LENGTH = 6
MAX_DEPTH = 6
MAX_TEXT = 8_000
MAX_ITEMS = 100

_SECRET_KEY = re.compile(
    r"(?:^|[_\-.])(?:authorization|auth|bearer|password|passwd|passphrase|secret|token|cookie|csrf|signature|session"
    r"|api[_\-]?key|private[_\-]?key|secret[_\-]?key|credentials?)(?:s|[_\-](?:primary|secondary|value|hash))?$",
    re.IGNORECASE,
)
_BODY_KEY = re.compile(
    r"(?:^|[_\-.])(?:body|bodies|text|content|payload|transcript|raw|form|statement_arguments)$", re.IGNORECASE
)
_PHONE_KEY = re.compile(r"(?:^|[_\-.])(?:phone|phones|e164|from|to|caller|callee|recipient|recipients)$", re.IGNORECASE)
# asyncpg prints whole rows and arguments, and they may hold the text of a message.
_ROW_IN_ERROR = re.compile(r"(DETAIL:|Failing row contains|invalid input for query argument \$\d+:).*", re.IGNORECASE)
_ROW_OVER_LINES = re.compile(
    r"(DETAIL:|Failing row contains|invalid input for query argument \$\d+:)"
    r"[\s\S]*?(?=\n(?:HINT:|Traceback|  File|During handling|The above exception)|\Z)"
)
_CREDENTIALS = re.compile(r"\b(Bearer|Basic|Digest|Token)\s+[A-Za-z0-9+/=_\-.~]{6,}", re.IGNORECASE)
_OWN_TOKEN = re.compile(r"\bfd_[A-Za-z0-9_\-]{8,}")
_JSON_WEB_TOKEN = re.compile(r"\beyJ[A-Za-z0-9_\-]{6,}\.[A-Za-z0-9_\-]{6,}\.[A-Za-z0-9_\-]*")
_PASSWORD_IN_URL = re.compile(r"(://[^/\s:@]{0,200}:)[^@\s]{1,400}@")
_PHONE = re.compile(r"(?:\+|%2B)[0-9][0-9()\-. ]{5,18}[0-9]", re.IGNORECASE)
_EMAIL = re.compile(r"\b[A-Za-z0-9._%+\-]{1,64}@([A-Za-z0-9\-]{1,63}(?:\.[A-Za-z0-9\-]{1,63}){0,6})")
# Control characters, line separators, text-direction overrides and lone surrogates: they forge or break lines.
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def mask_phone(text: str) -> str:
    """Keep the last two digits of a phone number."""
    digits = [character for character in text if character.isdigit()]
    return f"+***{''.join(digits[-2:])}" if len(digits) >= MIN_SECRET_LENGTH else REDACTED


def visible(text: str) -> str:
    """Write out every character that could start, end or disguise a line."""
    return _UNSAFE.sub(lambda match: match.group().encode("unicode_escape", "surrogatepass").decode("ascii"), text)


class Redactor:
    """Makes any value fit to be written to a log, knowing the secrets of this process."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        known = sorted({secret for secret in secrets if len(secret) >= MIN_SECRET_LENGTH}, key=len, reverse=True)
        self._known = re.compile("|".join(re.escape(secret) for secret in known)) if known else None

    def clean_text(self, text: str) -> str:
        """Remove secrets, credentials and personal data from one line of text and make it one line."""
        cut = text if len(text) <= MAX_TEXT else text[:MAX_TEXT] + f"… ({len(text)} characters)"
        # Secrets first, and before cutting: half a secret is still a leak.
        if self._known is not None:
            cut = self._known.sub(REDACTED, text)[: MAX_TEXT + 100]
        cut = _ROW_IN_ERROR.sub(r"\1 " + REDACTED, cut)
        cut = _PASSWORD_IN_URL.sub(r"\1" + REDACTED + "@", cut)
        cut = _CREDENTIALS.sub(r"\1 " + REDACTED, cut)
        cut = _OWN_TOKEN.sub(REDACTED, cut)
        cut = _JSON_WEB_TOKEN.sub(REDACTED, cut)
        cut = _EMAIL.sub(r"***@\1", cut)
        cut = _PHONE.sub(lambda match: mask_phone(match.group()), cut)
        return visible(cut)

    def clean_lines(self, text: str) -> str:
        """Clean a traceback line by line, each marked so that none can pass for a log line of its own."""
        # Joined first: a key, or a row printed by the database, may itself span lines.
        whole = text if self._known is None else self._known.sub(REDACTED, text)
        whole = _ROW_OVER_LINES.sub(r"\1 " + REDACTED, whole)
        return "\n".join("  | " + self.clean_text(line) for line in whole.split("\n"))

    def clean(self, value: object, *, key: str = "", depth: int = 0) -> object:
        """Make `value`, known under `key`, fit for a log; objects of unknown types show their type only."""
        if value is None or isinstance(value, bool | int | float):
            return value
        if _SECRET_KEY.search(key):
            return REDACTED
        if _BODY_KEY.search(key):
            return f"[{len(value)} long]" if isinstance(value, str | bytes | list | tuple | dict) else REDACTED
        if isinstance(value, Enum):
            return self.clean(value.value, key=key, depth=depth)
        if depth < MAX_DEPTH and isinstance(value, Mapping | list | tuple | set | frozenset):
            return self._clean_many(value, key=key, depth=depth + 1)
        return self._clean_one(value, key=key)

    def _clean_one(self, value: object, *, key: str) -> str:
        if isinstance(value, bytes | bytearray | memoryview):
            return f"[{len(value)} bytes]"
        if isinstance(value, UUID | Decimal | date | datetime):
            return str(value)
        if isinstance(value, BaseException):
            return self.clean_text(f"{type(value).__name__}: {value}")
        if isinstance(value, str | PurePath):
            return mask_phone(str(value)) if _PHONE_KEY.search(key) else self.clean_text(str(value))
        return f"<{type(value).__name__}>"

    def _clean_many(self, value: Iterable[object], *, key: str, depth: int) -> object:
        if isinstance(value, Mapping):
            pairs = list(value.items())[:MAX_ITEMS]
            return {self.clean_text(str(name)): self.clean(item, key=str(name), depth=depth) for name, item in pairs}
        return [self.clean(item, key=key, depth=depth) for item in list(value)[:MAX_ITEMS]]
