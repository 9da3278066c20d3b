"""Telling sinks what is written down for them: claimed with a lease, tried until it is taken, noted."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from frontdesk.kernel.db import Database
from frontdesk.kernel.telemetry import get_logger
from frontdesk.kernel.upkeep import Severity
from frontdesk.operations.alerts.evaluating import EVALUATED, LEASE
from frontdesk.operations.alerts.model import fingerprint_of, page_url
from frontdesk.operations.alerts.queries import notices, states
from frontdesk.operations.alerts.queries.notices import Claimed
from frontdesk.ports import ProviderError
from frontdesk.ports.alerts import AlertSink, Notice, NoticedAlert, NoticeStatus, SignOfLife

AT_ONCE = 16
TELL_SECONDS = 20.0
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=2), timedelta(minutes=5)
BEAT_EVERY = timedelta(seconds=60)
BEATEN = "dead_man"
TEST = "TestAlert"
SHOWN = 300

log = get_logger("alerts")


class Notifier:
    """Tells sinks; each notice of a state reaches each sink once, unless it is lost between taking and noting it."""

    def __init__(
        self,
        *,
        system: Database,
        sinks: Mapping[str, AlertSink],
        process_id: UUID,
        dead_man: SignOfLife | None = None,
        chance: random.Random | None = None,
    ) -> None:
        self._system = system
        self._sinks = sinks
        self._owner = process_id
        self._dead_man = dead_man
        self._chance = chance or random.Random()  # noqa: S311 - jitter

    async def notify_once(self) -> int:
        """Try what is due now, side by side; returns how many notices were tried."""
        if not self._sinks:
            return 0
        async with self._system.transaction() as tx:
            claimed = await notices.claim_due(
                tx, owner=self._owner, sinks=list(self._sinks), limit=AT_ONCE, lease=LEASE
            )
        await asyncio.gather(*(self._try(one) for one in claimed))
        return len(claimed)

    async def beat(self) -> bool:
        """Let the dead man's switch hear us, each minute and while alerts are evaluated; tells whether it did."""
        if self._dead_man is None:
            return False
        async with self._system.transaction() as tx:
            evaluated, beaten = await states.find_beat(tx, EVALUATED), await states.find_beat(tx, BEATEN)
            if evaluated is None or tx.now - evaluated > BEAT_EVERY:
                return False
            if beaten is not None and tx.now - beaten < BEAT_EVERY:
                return False
            await states.note_beat(tx, BEATEN)
        try:
            await self._dead_man.beat()
        except ProviderError as error:
            log.warning("alerts.dead_man_not_reached", error=str(error))
            return False
        return True

    async def _try(self, claimed: Claimed) -> None:
        error, wait = await self._tell(claimed)
        async with self._system.transaction() as tx:
            if error is None:
                await notices.settle_sent(tx, claimed)
            else:
                pause = self._pause(claimed.attempts, wait)
                await notices.settle_failed(tx, claimed, due_at=tx.now + pause, error=error[:SHOWN])
        if error is not None:
            log.error("alerts.sink_failed", sink=claimed.sink, alert=claimed.notice.alertname, error=error[:SHOWN])

    async def _tell(self, claimed: Claimed) -> tuple[str | None, float | None]:
        """Try once; returns what went wrong, if anything, and how long the sink asks us to wait."""
        try:
            async with asyncio.timeout(TELL_SECONDS):
                await self._sinks[claimed.sink].tell(claimed.notice)
        except ProviderError as error:
            return str(error), error.retry_after
        except TimeoutError:
            return f"no answer within {TELL_SECONDS:.0f} s", None
        except Exception as error:  # whatever it was, the next sink and the next try must go on
            log.exception("alerts.sink_broken", sink=claimed.sink)
            return type(error).__name__, None
        return None, None

    def _pause(self, attempts: int, wait: float | None) -> timedelta:
        """Wait twice as long after each try, up to 5 min, spread by up to a half; or as long as the sink asks."""
        if wait is not None:
            return min(timedelta(seconds=max(wait, 1.0)), LONGEST_PAUSE)
        doubled: timedelta = FIRST_PAUSE * 2 ** min(attempts - 1, 10)
        spread: float = self._chance.uniform(0.5, 1.0)
        return min(doubled, LONGEST_PAUSE) * spread


def test_notice(status: NoticeStatus, *, base_url: str, now: datetime) -> Notice:
    """Write a notice that tells nothing but that it arrives."""
    labels = {"alertname": TEST, "severity": Severity.CRITICAL.word, "owner": "operations"}
    fires = status is NoticeStatus.FIRING
    return Notice(
        group_key=f"{TEST}/",
        sequence=int(now.timestamp()),
        alertname=TEST,
        tenant="",
        status=status,
        severity=Severity.CRITICAL.word,
        owner="operations",
        runbook="nobody-notified",
        runbook_url=page_url(base_url, "nobody-notified"),
        external_url=base_url,
        at=now,
        repeats=False,
        alerts=(
            NoticedAlert(
                fingerprint=fingerprint_of(labels),
                status=status,
                labels=labels,
                summary="This is a test: somebody hears our alerts",
                value=None,
                starts_at=now,
                ends_at=None if fires else now,
            ),
        ),
    )
