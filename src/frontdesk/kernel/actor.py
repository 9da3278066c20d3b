"""Actors: whoever changes something, named in one way wherever it is written down."""

from __future__ import annotations

import re
from dataclasses import dataclass
from uuid import UUID

_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_ID = re.compile(rf"(?:user|token):{_UUID}|system:[^\s\x00-\x1f\x7f]{{1,200}}")


@dataclass(frozen=True, slots=True)
class Actor:
    """Whoever changes something: `id` for programs, and beside it `name` for people.

    `id` is 'user:<uuid>', 'token:<uuid>' or 'system:<part>'; anything else is a `ValueError`. `name` is an e-mail
    address or 'token:<name>'; a part of the system has none but its id.
    """

    id: str
    name: str = ""

    def __post_init__(self) -> None:
        """Hold every actor to the convention."""
        if _ID.fullmatch(self.id) is None:
            raise ValueError(f"{self.id!r} names no actor: it is user:<uuid>, token:<uuid> or system:<part>")

    @property
    def shown(self) -> str:
        """Name the actor to people."""
        return self.name or self.id


def person(user_id: UUID, name: str) -> Actor:
    """Name a person."""
    return Actor(f"user:{user_id}", name)


def program(token_id: UUID, name: str) -> Actor:
    """Name a program by the token that it calls with."""
    return Actor(f"token:{token_id}", f"token:{name}")


def system(part: str) -> Actor:
    """Name a part of the system, like 'first-start' or 'cli/ada'."""
    return Actor(f"system:{part}")
