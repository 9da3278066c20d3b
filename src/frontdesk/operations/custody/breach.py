"""After a breach: everything that let somebody in before that moment is ended."""

from __future__ import annotations

from frontdesk.kernel import audit
from frontdesk.kernel.actor import Actor
from frontdesk.kernel.auth import end_all_sessions, revoke_all_tokens
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.errors import Refused
from frontdesk.operations.custody import queries
from frontdesk.operations.custody.queries import Breach


async def declare_breach(tx: Transaction, *, by: Actor, reason: str) -> Breach:
    """Say that somebody may have got in: from now on whatever opened doors before has to be ended."""
    await queries.put_breach(tx, reason=reason, by=by.shown)
    await audit.write_entry(
        tx, actor=by, action="custody.breach_declared", subject="platform", details={"reason": reason}
    )
    return await get_breach(tx)


async def get_breach(tx: Transaction) -> Breach:
    """Tell of the breach that was declared and not closed; refuses `custody.no_breach` (404)."""
    found = await queries.find_breach(tx)
    if found is None:
        raise Refused("custody.no_breach", "No breach is declared.", status=404)
    return found


async def close_breach(tx: Transaction, *, by: Actor) -> None:
    """Say that all is done; refuses `custody.no_breach` (404), and `custody.access_open` (409).

    The latter while a session or token from before it still works.
    """
    breach = await get_breach(tx)
    doors = await queries.get_open_doors(tx, before=breach.declared_at)
    if doors.sessions or doors.tokens:
        raise Refused(
            "custody.access_open",
            f"{doors.sessions} sessions and {doors.tokens} tokens from before it still work.",
            status=409,
        )
    await queries.delete_breach(tx)
    await audit.write_entry(tx, actor=by, action="custody.breach_closed", subject="platform")


async def end_access(tx: Transaction, *, by: Actor) -> tuple[int, int]:
    """End every session and every API token of everybody; returns how many of each."""
    return await end_all_sessions(tx, actor=by), await revoke_all_tokens(tx, actor=by)
