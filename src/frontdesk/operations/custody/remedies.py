"""What a runbook may do for custody: end all access, and finish the exchange of a key."""

from __future__ import annotations

from frontdesk.kernel.auth import end_all_sessions, revoke_all_tokens
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.jobs import start_run
from frontdesk.kernel.upkeep import Approval, Order, Remedy
from frontdesk.operations.custody.jobs import FINISH


async def _end_sessions(tx: Transaction, order: Order) -> str:
    ended = await end_all_sessions(tx, actor=order.by)
    return f"{ended} sessions were ended; everybody logs in anew"


async def _revoke_tokens(tx: Transaction, order: Order) -> str:
    revoked = await revoke_all_tokens(tx, actor=order.by)
    return f"{revoked} API tokens were revoked; programs need new ones"


async def _finish_rotation(tx: Transaction, order: Order) -> str:
    started = await start_run(tx, FINISH, {"reason": order.reason}, key=f"ordered@{tx.now.isoformat()}")
    return f"what the old key has sealed is sealed anew, and the old key deleted (run {started.run_id})"


REMEDIES: tuple[Remedy, ...] = (
    Remedy(
        name="custody.end_all_sessions",
        sentence="End every session of everybody",
        approval=Approval.OWNER,
        act=_end_sessions,
    ),
    Remedy(
        name="custody.revoke_all_tokens",
        sentence="Revoke every API token",
        approval=Approval.OWNER,
        act=_revoke_tokens,
    ),
    Remedy(
        name="custody.finish_rotation",
        sentence="Seal anew what the old key has sealed, and delete the old key",
        approval=Approval.OPERATOR,
        act=_finish_rotation,
    ),
)
