"""Looking up words in texts and notes, and people by name, e-mail or number."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from frontdesk.features.conversations.model import Found, FoundPerson
from frontdesk.features.conversations.queries import search
from frontdesk.features.conversations.queries.inbox import LAST
from frontdesk.kernel.db import Transaction

MAX_WORDS = 120
LEAST = 3  # letters that an index of people's names can be asked for
_SPECIAL = re.compile(r"[\\%_]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where some words stand: ids to be shown behind the business's own wall; `next` is where the next page begins."""

    words: Sequence[UUID]
    next: tuple[datetime, UUID] | None


async def find_words(
    system: Transaction, *, words: str, before: tuple[datetime, UUID] | None = None, limit: int = 30
) -> Places:
    """Find where all of some words stand in texts and notes, in English or Spanish, newest first.

    `system` is a transaction of the system role for the business, as the indexes of words work under no other.
    """
    wanted = words.strip()[:MAX_WORDS]
    if not wanted:
        return Places(words=(), next=None)
    found = await search.list_places(system, words=wanted, before=before or LAST, limit=limit)
    return Places(words=[one for _, one in found], next=found[-1] if len(found) == limit else None)


async def find_people(system: Transaction, *, words: str, limit: int = 6) -> Sequence[UUID]:
    """Find people whose name, e-mail or number has some words; nobody by fewer than three letters.

    `system` is a transaction of the system role for the business, for the same reason.
    """
    wanted = words.strip().lower()[:MAX_WORDS]
    if len(wanted) < LEAST:
        return ()
    digits = "".join(letter for letter in wanted if letter in "0123456789")
    by_words = f"%{_SPECIAL.sub(_escaped, wanted)}%"
    looks_like_number = len(digits) >= LEAST and not any(letter.isalpha() for letter in wanted)
    return await search.list_people_like(
        system, pattern=by_words, digits=f"%{digits}%" if looks_like_number else by_words, limit=limit
    )


async def show_words(tx: Transaction, places: Places, *, words: str) -> list[Found]:
    """Show what was found, with the words marked."""
    return await search.list_found(tx, ids=places.words, words=words.strip()[:MAX_WORDS]) if places.words else []


async def show_people(tx: Transaction, ids: Sequence[UUID]) -> list[FoundPerson]:
    """Show people who were found, with their threads."""
    return await search.list_found_people(tx, ids=ids) if ids else []


def _escaped(match: re.Match[str]) -> str:
    return f"\\{match.group(0)}"
