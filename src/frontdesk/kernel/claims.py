"""Which server was claimed last, known outside the database: an old primary that comes back is fenced by it.

A promoted standby and the primary it replaced each hold a claim of their own, and neither database knows of the other.
What both know is the home folder of the processes that use them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from frontdesk.kernel import epoch
from frontdesk.kernel.actor import system as by_system
from frontdesk.kernel.db import Database
from frontdesk.kernel.errors import Refused
from frontdesk.kernel.journal import Journal
from frontdesk.kernel.telemetry import get_logger

CLAIMS = "claims"

log = get_logger("epoch")


@dataclass(frozen=True, slots=True)
class Claim:
    """A server that somebody claimed, and when."""

    server: str
    claimed_at: datetime


class Claims:
    """The claims that processes of one home folder have seen, in a journal beside that of the opt-outs.

    Processes with a home of their own do not see each other's claims: there whoever promotes a standby must make sure
    that the old primary stays down.
    """

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    async def agree(self, system: Database) -> bool:
        """Tell whether the server that we are on may act in the world, and keep its claim for others to see.

        If a later claim of another copy of the same database is known, this one's is ended, for every process on it.
        """
        async with system.transaction() as tx:
            era = await epoch.read_epoch(tx)
        if not era.claimed or era.claimed_at is None:
            return False
        known = self._last_of(era.server_now)
        if known is None or known.claimed_at < era.claimed_at:
            await self._keep(Claim(era.server_now, era.claimed_at))
            return True
        if known.server == era.server_now:
            return True
        because = f"another server of the same data was claimed at {known.claimed_at:%Y-%m-%d %H:%M:%S} UTC"
        async with system.transaction() as tx:
            await epoch.end_epoch(tx, because=because, by=by_system("claims"))
        log.error("epoch.overtaken", reason=because)
        return False

    async def close(self) -> None:
        """Finish what is being written."""
        await self._journal.close()

    async def _keep(self, claim: Claim) -> None:
        try:
            await self._journal.append(
                {"server": claim.server, "claimed_at": claim.claimed_at.astimezone(UTC).isoformat()},
                at=claim.claimed_at,
            )
        except Refused as refusal:
            # A full disk must not stop a server that is rightly claimed; it is tried again at the next sign of life.
            log.warning("epoch.claim_not_kept", reason=refusal.code)

    def _last_of(self, server: str) -> Claim | None:
        """Read the latest claim of any copy of a database; blocks, and briefly: a claim is one line, and rare."""
        found: Claim | None = None
        for one in self._journal.read_all().entries:
            claim = Claim(str(one.entry.get("server")), datetime.fromisoformat(str(one.entry.get("claimed_at"))))
            if _data_of(claim.server) == _data_of(server) and (found is None or claim.claimed_at > found.claimed_at):
                found = claim
        return found


def _data_of(server: str) -> tuple[str, ...]:
    """Name what a server serves, whichever copy it is: without its timeline and without its folder."""
    cluster, *rest = server.split("/")
    return (cluster, *rest[1:3])
