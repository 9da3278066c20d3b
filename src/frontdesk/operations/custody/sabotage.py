"""How a drill declares a breach."""

from __future__ import annotations

from datetime import timedelta

from frontdesk.kernel import actor
from frontdesk.kernel.auth import Scope, create_token
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.upkeep import Sabotage
from frontdesk.operations.custody import queries
from frontdesk.operations.custody.breach import declare_breach

BY = actor.system("drill")
MANY = 250


async def _break_in(tx: Transaction) -> None:
    await create_token(
        tx,
        name="nobody remembers it",
        scopes=frozenset(Scope),
        grantable=frozenset(Scope),
        expires_at=tx.now + timedelta(days=30),
        actor=BY,
    )
    await declare_breach(tx, by=BY, reason="a token was found in a public place")


async def _fail_logins(tx: Transaction) -> None:
    await queries.add_failed_tries(tx, count=MANY)


async def _stop_failing(tx: Transaction) -> None:
    await queries.forget_failed_tries(tx)


SET_RIGHT: dict[str, Sabotage] = {
    "custody.failed_logins": Sabotage(
        name="custody.failed_logins", sentence="Nobody tries passwords any more", act=_stop_failing
    )
}
SABOTAGES: tuple[Sabotage, ...] = (
    Sabotage(
        name="custody.break_in",
        sentence="A token that may do everything is in a stranger's hands",
        act=_break_in,
    ),
    Sabotage(
        name="custody.failed_logins",
        sentence="Somebody tries passwords, and soon nobody can log in",
        act=_fail_logins,
    ),
)
