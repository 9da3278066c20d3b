"""Custody put together: who verifies the audit logs, from where to where, and the loop that does so."""

from __future__ import annotations

from frontdesk.kernel import audit
from frontdesk.kernel.loops import Loop
from frontdesk.operations.custody import queries
from frontdesk.operations.custody.rotating import seen_rotations
from frontdesk.operations.custody.verifying import Custodian
from frontdesk.wiring.parts import Frontdesk

VERIFY_SECONDS = 10.0
EVIDENCE = "evidence"


def custodian_of(parts: Frontdesk) -> Custodian:
    """Make whoever verifies the audit logs; evidence is kept in the home folder."""
    home = parts.settings.home
    return Custodian(parts.system, audit.open_book(home), folder=home / EVIDENCE)


def keeping_custody(parts: Frontdesk) -> Loop:
    """Make the loop that verifies the audit logs, and notes which secrets are being exchanged."""
    custodian = custodian_of(parts)

    async def turn() -> float:
        await custodian.verify_once()
        async with parts.system.transaction() as tx:
            await queries.record_rotations(tx, seen_rotations(parts.settings))
        return VERIFY_SECONDS

    return Loop("verify audit logs", turn)
