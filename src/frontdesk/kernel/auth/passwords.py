"""Passwords: which are good enough, and their slow hashes, computed beside the event loop and few at a time."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable
from functools import cache
from itertools import pairwise
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from frontdesk.kernel.auth.model import PasswordHash, new_token
from frontdesk.kernel.errors import Refused

# OWASP's floor for argon2id: 19 MiB, 2 passes, 1 lane; about 27 ms of one core here.
MEMORY_KIB = 19 * 1024
PASSES = 2
LANES = 1
CONCURRENT_HASHES = 2
MIN_LENGTH = 8  # NIST SP 800-63B: 8 at least, 15 where a password is the only factor
ADVISED_LENGTH = 15
MAX_LENGTH = 1_000
MIN_OWN_CHARACTERS = 8
# What is left of the passwords everybody tries, once figures and signs are taken away.
_STEMS = frozenset(
    {
        "abc", "abcd", "abcdef", "abcdefgh", "abcdefghijkl", "admin", "administrator", "asdfghjkl",
        "baseball", "changeme", "default", "dragon", "football", "frontdesk", "guest", "iloveyou", "letmein",
        "login", "master", "monkey", "password", "passwort", "passwrd", "princess", "pssword", "psswrd",
        "qwerty", "qwertyuiop", "qwertz", "receptionist", "secret", "sunshine", "superman", "test",
        "testtest", "trustno", "welcome", "zxcvbnm",
    }
)  # fmt: skip


@cache
def _hasher() -> PasswordHasher:
    return PasswordHasher(time_cost=PASSES, memory_cost=MEMORY_KIB, parallelism=LANES)


@cache
def _nobodys_hash() -> str:
    return _hasher().hash(new_token())


class Passwords:
    """Hashes and checks passwords, at most two at a time in this process."""

    def __init__(self) -> None:
        self._hasher = _hasher()
        self._turn = asyncio.Semaphore(CONCURRENT_HASHES)
        # Checked when there is no such person, so that the answer takes as long as for a wrong password.
        self.nobody_hash = _nobodys_hash()

    async def hash(self, password: str, *, about: Iterable[str] = ()) -> PasswordHash:
        """Hash a new password; `about` are words around the person: name, e-mail, business.

        Refuses `auth.password_weak` under 8 or over 1 000 characters, and what anybody would try first.
        """
        refuse_weak_password(password, about=about)
        return await self.rehash(password)

    async def rehash(self, password: str) -> PasswordHash:
        """Hash a password that was just proven right with today's costs, however weak it is."""
        async with self._turn:
            return PasswordHash(await asyncio.to_thread(self._hasher.hash, _bytes(password)))

    async def matches(self, stored: str | None, password: str) -> bool:
        """Tell whether `password` is the stored one; no stored one takes as long and is never matched."""
        async with self._turn:
            same = await asyncio.to_thread(self._verify, stored or self.nobody_hash, password)
        return same and stored is not None

    def is_outdated(self, stored: str) -> bool:
        """Tell whether a stored hash was made with other costs than today's."""
        return self._hasher.check_needs_rehash(stored)

    def _verify(self, stored: str, password: str) -> bool:
        try:
            return self._hasher.verify(stored, _bytes(password[: MAX_LENGTH + 1]))
        except (VerificationError, InvalidHashError):
            return False


def refuse_weak_password(password: str, *, about: Iterable[str] = ()) -> None:
    """Refuse `auth.password_weak`; any characters are welcome, and no mixture of them is asked for."""
    if len(password) < MIN_LENGTH:
        raise _weak(f"The password is too short: use {MIN_LENGTH} characters or more, {ADVISED_LENGTH} are better.")
    if len(password) > MAX_LENGTH:
        raise _weak(f"The password is too long: use at most {MAX_LENGTH} characters.")
    plain = password.casefold()
    for word in (part for text in about for part in re.split(r"[^\w]+", text.casefold())):
        if len(word) > 2:  # noqa: PLR2004 - initials and particles occur in any text
            plain = plain.replace(word, "")
    letters = re.sub(r"[\W\d_]+", "", plain)
    if {password.casefold(), plain} & frequent_passwords():
        raise _weak("The password is one of those that are tried first everywhere: use several words instead.")
    if len(set(plain)) < 5 or len(plain) < MIN_OWN_CHARACTERS or letters in _STEMS or _is_run(plain):  # noqa: PLR2004 - a rule
        raise _weak("The password is easy to guess: use several words that have nothing to do with you or with us.")


@cache
def frequent_passwords() -> frozenset[str]:
    """Read the 3,000 most common passwords that are long enough; NOTICE names their source."""
    return frozenset(Path(__file__).with_name("frequent_passwords.txt").read_text(encoding="utf-8").split())


def _is_run(text: str) -> bool:
    """Tell whether the text only counts up or down, like 123456789012 or zyxwvu."""
    steps = {(ord(second) - ord(first)) % 10 for first, second in pairwise(text)}
    return steps in ({1}, {9})


def _bytes(password: str) -> bytes:
    return password.encode("utf-8", "surrogatepass")


def _weak(message: str) -> Refused:
    return Refused("auth.password_weak", message, status=422)
