"""What is known of the audit chains: how far each is verified, and where it was found broken."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from frontdesk.kernel.audit import ChainHead
from frontdesk.kernel.errors import Refused

PLATFORM = "platform"
ANCHORS = "anchors"  # the journal of heads itself, whose damage counts instead of entries


@dataclass(frozen=True, slots=True, kw_only=True)
class Break:
    """Where a chain was found broken: the entry, what is wrong with it, since when, and where the evidence is kept."""

    seq: int
    damage: str
    at: datetime
    evidence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """How a chain stands.

    `verified` is the newest link that holds, `patrolled` the one that the second look has reached, `resumed` the one
    behind which verification went on after an acknowledged break, at `resumed_at`; None is the chain's beginning.
    """

    whose: str
    verified: ChainHead | None = None
    verified_at: datetime | None = None
    patrolled: ChainHead | None = None
    resumed: ChainHead | None = None
    resumed_at: datetime | None = None
    whole_at: datetime | None = None
    broken: Break | None = None
    acknowledged_breaks: int = 0


def name_of(tenant_id: UUID | None) -> str:
    """Name whose chain it is."""
    return PLATFORM if tenant_id is None else str(tenant_id)


def tenant_of(whose: str) -> UUID | None:
    """Tell whose chain a name names; None is the platform's, whose the journal of heads is too.

    Refuses `custody.not_broken` (409) what names none.
    """
    try:
        return None if whose in {PLATFORM, ANCHORS} else UUID(whose)
    except ValueError:
        raise Refused("custody.not_broken", f"No audit log is called {whose}.", status=409) from None
