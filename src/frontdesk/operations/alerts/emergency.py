"""The alert that cannot be written down first: the database itself is away."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from frontdesk.kernel.clock import Clock
from frontdesk.kernel.telemetry import get_logger
from frontdesk.kernel.upkeep import Severity
from frontdesk.operations.alerts.model import RuleBook, fingerprint_of, page_url
from frontdesk.ports import ProviderError
from frontdesk.ports.alerts import AlertSink, Notice, NoticedAlert, NoticeStatus

DATABASE_DOWN = "DatabaseDown"

log = get_logger("alerts")


class Emergency:
    """Tells sinks straight from memory while there is no database; each sink once per outage, and of its end.

    What one process remembers another does not: with several workers each tells, under the same key.
    """

    def __init__(self, *, book: RuleBook, sinks: Mapping[str, AlertSink], clock: Clock, base_url: str) -> None:
        self._book = book
        self._sinks = sinks
        self._clock = clock
        self._base_url = base_url
        self._since: datetime | None = None
        self._told: set[str] = set()

    async def database_is_away(self) -> None:
        """Note that the database does not answer; from the rule's time on tell every sink that has not heard it yet."""
        now = self._clock.now()
        self._since = self._since or now
        rule = self._book.find(DATABASE_DOWN)
        if rule is None or now - self._since < rule.lasting:
            return
        routed = [name for name in self._sinks if rule.severity >= self._book.routes.get(name, Severity.INFO)]
        for name in routed:
            if name not in self._told and await self._tell(name, NoticeStatus.FIRING, self._since, now):
                self._told.add(name)

    async def database_is_back(self) -> timedelta | None:
        """Tell the sinks that heard of it that it is over; returns how long it lasted, None if nothing was wrong."""
        if self._since is None:
            return None
        now, since = self._clock.now(), self._since
        for name in sorted(self._told):
            if await self._tell(name, NoticeStatus.RESOLVED, since, now):
                self._told.discard(name)
        if not self._told:
            self._since = None
        return now - since

    async def _tell(self, name: str, status: NoticeStatus, since: datetime, now: datetime) -> bool:
        try:
            await self._sinks[name].tell(self._notice(status, since, now))
        except ProviderError as error:
            log.warning("alerts.sink_failed", sink=name, alert=DATABASE_DOWN, error=str(error))
            return False
        return True

    def _notice(self, status: NoticeStatus, since: datetime, now: datetime) -> Notice:
        rule = self._book.find(DATABASE_DOWN)
        if rule is None:
            raise LookupError(DATABASE_DOWN)
        labels = rule.labels_of({})
        return Notice(
            group_key=f"{DATABASE_DOWN}/",
            sequence=int(since.timestamp()),
            alertname=DATABASE_DOWN,
            tenant="",
            status=status,
            severity=rule.severity.word,
            owner=rule.owner,
            runbook=rule.runbook,
            runbook_url=page_url(self._base_url, rule.runbook),
            external_url=self._base_url,
            at=now,
            repeats=False,
            alerts=(
                NoticedAlert(
                    fingerprint=fingerprint_of(labels),
                    status=status,
                    labels=labels,
                    summary=rule.words(labels, 0.0),
                    value=0.0,
                    starts_at=since,
                    ends_at=None if status is NoticeStatus.FIRING else now,
                ),
            ),
        )
