"""What a restore to an earlier moment must not send again."""

from __future__ import annotations

from frontdesk.kernel.db import Transaction, affected

RESTORED = "delivery.restored"

# They waited at the moment that was restored, and may have left between then and now.
DROP_WAITING = """
    update send_jobs
    set status = 'dropped', finished_at = $2, failure_code = $3, failure_reason = 'Too late',
        updated_at = $2
    where tenant_id = $1 and status = 'queued'
"""


async def drop_waiting(tx: Transaction) -> int:
    """Drop every text of the transaction's tenant that waits, because it may have left since; returns how many."""
    return affected(await tx.execute(DROP_WAITING, tx.tenant, tx.now, RESTORED))
