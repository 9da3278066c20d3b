"""The two keys of S1's /api/config: the emergency stop, and how many e-mails one run may send."""

from __future__ import annotations

from dataclasses import dataclass

from frontdesk.features import delivery
from frontdesk.kernel import audit
from frontdesk.kernel.actor import Actor
from frontdesk.kernel.db import Transaction
from frontdesk.operations.maintenance.queries import settings

MAX_EMAILS = "max_emails_per_run"


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """Switches of the whole platform; `max_emails_per_run` None means no limit, and nothing heeds it before e-mail."""

    emergency_stop: bool
    max_emails_per_run: int | None


async def read_config(tx: Transaction) -> Config:
    """Read both."""
    proof = await delivery.prove_stop(tx, scope=delivery.Scope.GLOBAL, key="all")
    limit = (await settings.list_settings(tx)).get(MAX_EMAILS)
    return Config(
        emergency_stop=proof.paused_at is not None, max_emails_per_run=limit if isinstance(limit, int) else None
    )


async def set_emergency_stop(tx: Transaction, *, stopped: bool, by: Actor) -> None:
    """Stop all sending, or let it go on."""
    if stopped:
        await delivery.pause_sending(tx, scope=delivery.Scope.GLOBAL, key="all", by=by, reason="emergency stop")
    else:
        await delivery.resume_sending(tx, scope=delivery.Scope.GLOBAL, key="all", by=by)


async def set_max_emails(tx: Transaction, *, limit: int, by: Actor) -> None:
    """Set how many e-mails one run may send."""
    await settings.record_setting(tx, key=MAX_EMAILS, value=limit, by=by.shown)
    await audit.write_entry(
        tx, actor=by, action="config.changed", subject=f"config:{MAX_EMAILS}", details={"value": limit}
    )
