"""Which server may act in the world: a restored, cloned or promoted database waits until a person claims it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from frontdesk.kernel import audit
from frontdesk.kernel.actor import Actor, system
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.errors import Refused
from frontdesk.kernel.ids import new_id

FOUNDED = "founded"

IS_CLAIMED = """
    select coalesce(current_setting('app.server', true), '') <> '' and exists (
      select from system_epochs where ended_at is null and server = current_setting('app.server', true)
    )
"""

READ_EPOCH = """
    select coalesce(current_setting('app.server', true), '') as server_now,
           last.server, last.claimed_at, last.claimed_by, last.reason, last.ended_at, last.ended_because
    from (select true) as always
    left join lateral (
      select server, claimed_at, claimed_by, reason, ended_at, ended_because from system_epochs
      order by ended_at is null desc, claimed_at desc, id desc limit 1
    ) as last on true
"""

FOUND = """
    insert into system_epochs (id, server, claimed_at, claimed_by, reason)
    select $1, current_setting('app.server', true), $2, $3, $4
    where not exists (select from system_epochs) and coalesce(current_setting('app.server', true), '') <> ''
    on conflict do nothing
"""

END = "update system_epochs set ended_at = $1, ended_because = $2 where ended_at is null"

CLAIM = """
    insert into system_epochs (id, server, claimed_at, claimed_by, reason)
    values ($1, current_setting('app.server', true), $2, $3, $4)
"""

NOTE_FENCE = """
    insert into system_epochs (id, server, claimed_at, claimed_by, reason, ended_at, ended_because)
    select $1, '', $2, $3, $4, $2, $4 where not exists (select from system_epochs)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Epoch:
    """The last claim, and the server we are on; `server` is None in a database that nobody has claimed yet."""

    server_now: str
    server: str | None
    claimed_at: datetime | None
    claimed_by: str | None
    reason: str | None
    ended_at: datetime | None
    ended_because: str | None

    @property
    def claimed(self) -> bool:
        """Whether this server is the one that was claimed."""
        return bool(self.server_now) and self.ended_at is None and self.server == self.server_now

    @property
    def why_fenced(self) -> str:
        """Why nothing is sent, in words; empty if it is."""
        if self.claimed:
            return ""
        if not self.server_now:
            return "the server does not say which one it is, or is a standby"
        if self.server is None:
            return "nobody has claimed this database yet"
        if self.ended_at is not None:
            return self.ended_because or "the last claim has ended"
        return "this database was claimed on another server: it is restored, copied, moved or promoted"


async def read_epoch(tx: Transaction) -> Epoch:
    """Read the last claim and the server we are on."""
    row = await tx.fetchrow(READ_EPOCH)
    if row is None:
        raise LookupError("system_epochs")
    return Epoch(**dict(row))


async def is_claimed(tx: Transaction) -> bool:
    """Tell whether this server may act in the world; False also when that cannot be known."""
    return await tx.fetchval(IS_CLAIMED) is True


async def found(tx: Transaction) -> None:
    """Claim a database that nobody ever claimed, which is a new one; any other stays as it is."""
    by = system("founding")
    await tx.execute(FOUND, new_id(), tx.now, by.shown, FOUNDED)


async def end_epoch(tx: Transaction, *, because: str, by: Actor) -> None:
    """Fence this database: from the commit on nothing is sent until somebody claims it."""
    await tx.execute(END, tx.now, because)
    await tx.execute(NOTE_FENCE, new_id(), tx.now, by.shown, because)
    await audit.write_entry(tx, actor=by, action="epoch.ended", subject="epoch:system", details={"because": because})


async def claim(tx: Transaction, *, by: Actor, reason: str) -> Epoch:
    """Let this server act from the commit on, in place of any other.

    Refuses an empty reason (`epoch.no_reason`), a server that was claimed before and still is (`epoch.claimed`, 409),
    and one that does not say who it is (`epoch.server_unknown`, 409).
    """
    if not reason.strip():
        raise Refused("epoch.no_reason", "say why this database may send: --reason", status=422)
    before = await read_epoch(tx)
    if before.claimed:
        raise Refused("epoch.claimed", "this database is claimed already: nothing is fenced", status=409)
    if not before.server_now:
        raise Refused("epoch.server_unknown", f"it cannot be claimed: {before.why_fenced}", status=409)
    await tx.execute(END, tx.now, "claimed anew")
    await tx.execute(CLAIM, new_id(), tx.now, by.shown, reason.strip())
    await audit.write_entry(
        tx,
        actor=by,
        action="epoch.claimed",
        subject="epoch:system",
        details={
            "reason": reason.strip(),
            "server": before.server_now,
            "was": before.server or "",
            "why": before.why_fenced,
        },
    )
    return await read_epoch(tx)
