"""What must be true of the program as a whole: its processes, its events, its background work, its database."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from frontdesk.kernel.db import Transaction
from frontdesk.kernel.outbox.store import measure_lag
from frontdesk.kernel.tallies import sum_last_minute
from frontdesk.kernel.upkeep import Check, Finding, Severity, none_of
from frontdesk.operations.alerts import counting
from frontdesk.operations.alerts.queries import figures
from frontdesk.operations.checking import queries

PERCENT = 100.0
LAG_SECONDS = 60.0  # the source's alert on outbox lag
DAY = timedelta(days=1)
CONNECTIONS_WARNING, CONNECTIONS_CRITICAL = 0.80, 0.95
LONG_TRANSACTION_SECONDS = 300.0
MOST_REFUSED = 10  # the source's alert: more than 10 a minute
RESTART_SHOWS = timedelta(minutes=1)


def _runs(kind: str) -> Check:
    async def look(tx: Transaction) -> Finding:
        running = (await queries.count_processes(tx)).get(kind, 0)
        if running:
            return Finding(severity=Severity.OK, words=f"{running} {kind} processes run", value=running)
        words = f"no {kind} process is running: start `frontdesk up`, or `frontdesk {kind}`"
        return Finding(severity=Severity.CRITICAL, words=words, value=0)

    return Check(
        name=f"operations.{kind}_runs",
        sentence=f"A {kind} process runs",
        runbook="process-gone",
        look=look,
    )


async def _events_move(tx: Transaction) -> Finding:
    lag = await measure_lag(tx)
    if lag <= LAG_SECONDS:
        return Finding(severity=Severity.OK, words=f"the oldest event waits for {lag:.0f} s", value=lag)
    return Finding(severity=Severity.CRITICAL, words=f"events wait for {lag:.0f} s: is a worker running?", value=lag)


async def _database_has_room(tx: Transaction) -> Finding:
    share = await figures.measure_connections(tx) / PERCENT
    severity = Severity.OK if share <= CONNECTIONS_WARNING else Severity.WARNING
    if share > CONNECTIONS_CRITICAL:
        severity = Severity.CRITICAL
    return Finding(severity=severity, words=f"{share:.0%} of PostgreSQL's connections are in use", value=share)


async def _nothing_holds_the_database(tx: Transaction) -> Finding:
    oldest = await figures.measure_oldest_transaction(tx)
    blocked = await queries.count_blocked(tx)
    if blocked == 0 and oldest <= LONG_TRANSACTION_SECONDS:
        return Finding(severity=Severity.OK, words="no transaction holds others up", value=blocked)
    return Finding(
        severity=Severity.WARNING,
        words=f"{blocked} connections wait for a lock for over 5 s; the oldest transaction runs for {oldest:.0f} s",
        value=blocked,
    )


async def _webhooks_are_believed(tx: Transaction) -> Finding:
    refused = sum(tally.amount for tally in await sum_last_minute(tx, counting.SIGNATURE_FAILURES))
    return Finding(
        severity=Severity.OK if refused <= MOST_REFUSED else Severity.CRITICAL,
        words=f"{refused:.0f} webhooks of the last minute were refused for their signature",
        value=refused,
    )


async def _database_stays_up(tx: Transaction) -> Finding:
    seconds = await queries.find_restart(tx, within=RESTART_SHOWS)
    if seconds is None:
        return Finding(severity=Severity.OK, words="PostgreSQL has stayed up under those who use it")
    words = f"PostgreSQL was started anew {seconds:.0f} s ago, under processes that were running"
    return Finding(severity=Severity.WARNING, words=words, value=seconds)


CHECKS: tuple[Check, ...] = (
    Check(
        name="operations.webhooks_are_believed",
        sentence="At most 10 webhooks a minute are refused for their signature",
        runbook="webhook-signature-failures",
        look=_webhooks_are_believed,
    ),
    Check(
        name="operations.database_stays_up",
        sentence="PostgreSQL stays up under those who use it",
        runbook="database-away",
        look=_database_stays_up,
    ),
    _runs("web"),
    _runs("worker"),
    Check(
        name="operations.events_move",
        sentence="An event is handed on within 60 s",
        runbook="outbox-stuck",
        look=_events_move,
    ),
    Check(
        name="operations.events_are_handled",
        sentence="Every event could be handled",
        runbook="outbox-stuck",
        look=none_of(
            partial(queries.count_rejected_events, within=DAY),
            "{count} events of the last day could not be handled",
            otherwise=Severity.WARNING,
        ),
    ),
    Check(
        name="operations.background_work_succeeds",
        sentence="No background run has failed for good",
        runbook="background-failed",
        look=none_of(
            partial(queries.count_failed_runs, within=DAY),
            "{count} background runs of the last day have failed for good",
            otherwise=Severity.WARNING,
        ),
    ),
    Check(
        name="operations.database_has_room",
        sentence="PostgreSQL has connections to spare",
        runbook="database-busy",
        look=_database_has_room,
    ),
    Check(
        name="operations.nothing_holds_the_database",
        sentence="No transaction holds others up",
        runbook="database-busy",
        look=_nothing_holds_the_database,
    ),
)
