"""Every reading of the program by name, and what is read of its machine, its database and its requests."""

from __future__ import annotations

import shutil
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import psutil

from frontdesk.features.campaigns import readings as campaigns_readings
from frontdesk.features.consent import readings as consent_readings
from frontdesk.features.contacts import readings as contacts_readings
from frontdesk.features.conversations import readings as conversations_readings
from frontdesk.features.delivery import readings as delivery_readings
from frontdesk.features.scheduling import calendar_upkeep
from frontdesk.features.textback import readings as textback_readings
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.outbox.store import count_pending, measure_lag
from frontdesk.kernel.tallies import Tally, quantile, sum_by_span, sum_last_minute, sum_since
from frontdesk.kernel.telemetry import Metric, MetricKind
from frontdesk.kernel.telemetry.metrics import BOOKING_POST_P95, OUTBOX_DISPATCH_LAG, OUTBOX_PENDING
from frontdesk.kernel.upkeep import Reading, Sample
from frontdesk.kernel.windows import PAIRS, SPANS, burn_rates
from frontdesk.operations.alerts import counting
from frontdesk.operations.alerts.queries import figures
from frontdesk.operations.alerts.rulebook import our_rules
from frontdesk.operations.backups import checks as backups_checks
from frontdesk.ports.alerts import CertificateReader

PERCENT = 100.0
MILLISECONDS = 1000.0
LATELY = timedelta(minutes=5)
UNTOLD_AFTER = timedelta(minutes=5)
ALLOWED_FAULTS = 0.001  # 99.9 % of requests are answered without a fault of ours
CERTIFICATE_EVERY_SECONDS = 3600.0
WATCHDOG = "Watchdog"
NOBODY = "NobodyNotified"
# Checks whose figures are readings with rules of their own: one incident is one alert.
HAVE_RULES = frozenset(
    {
        "alerts.check_failing",
        "alerts.machine",
        "alerts.slow_or_failing",
        "campaigns.run_on",
        "conversations.texts_are_read",
        "delivery.budgets_last",
        "delivery.queue_is_short",
        "delivery.texts_arrive",
        "operations.database_has_room",
        "operations.webhooks_are_believed",
        "operations.events_move",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """Where this process runs, as far as readings look at it; without a https address there is no certificate."""

    home: Path
    public_base_url: str = ""
    certificates: CertificateReader | None = None


async def _lag(tx: Transaction) -> Sequence[Sample]:
    return [Sample(await measure_lag(tx))]


async def _pending(tx: Transaction) -> Sequence[Sample]:
    return [Sample(await count_pending(tx))]


async def _webhook_lag(tx: Transaction) -> Sequence[Sample]:
    return [Sample(await figures.measure_webhook_lag(tx))]


async def _up(tx: Transaction) -> Sequence[Sample]:
    await figures.get_server_time(tx)
    return [Sample(1)]


async def _connections(tx: Transaction) -> Sequence[Sample]:
    return [Sample(await figures.measure_connections(tx))]


async def _oldest_transaction(tx: Transaction) -> Sequence[Sample]:
    return [Sample(await figures.measure_oldest_transaction(tx))]


async def _clock_offset(tx: Transaction) -> Sequence[Sample]:
    began = time.monotonic()
    server = await figures.get_server_time(tx)
    middle = datetime.now(UTC) - timedelta(seconds=(time.monotonic() - began) / 2)
    return [Sample(abs((middle - server).total_seconds()))]


async def _failing(tx: Transaction) -> Sequence[Sample]:
    return [Sample(1, (name, severity, check_kind(name))) for name, severity in await figures.list_failing(tx)]


def check_kind(name: str) -> str:
    """Tell of which kind a check is: an invariant, the audit, one whose figure has a rule of its own, or a check."""
    if ".invariant_" in name:
        return "invariant"
    if "audit" in name:
        return "audit"
    return "ruled" if name in HAVE_RULES | _named_by_rules() else "check"


def _named_by_rules() -> set[str]:
    return {rule.where["check"] for rule in our_rules().rules if "check" in rule.where}


async def _untold(tx: Transaction) -> Sequence[Sample]:
    return [Sample(await figures.measure_untold(tx, after=UNTOLD_AFTER, except_for=[WATCHDOG, NOBODY]))]


async def _failed_readings(tx: Transaction) -> Sequence[Sample]:
    return [Sample(1, (name,)) for name in await figures.list_failed_readings(tx)]


async def _watched(_tx: Transaction) -> Sequence[Sample]:
    return [Sample(1)]


async def _signature_failures(tx: Transaction) -> Sequence[Sample]:
    found = await sum_last_minute(tx, counting.SIGNATURE_FAILURES)
    return [Sample(tally.amount, (tally.labels["provider"],)) for tally in found]


def _by_kind(tallies: Sequence[Tally]) -> dict[str, tuple[float, float]]:
    found: dict[str, tuple[float, float]] = {}
    for tally in tallies:
        total, bad = found.get(tally.labels["kind"], (0.0, 0.0))
        fault = tally.amount if tally.labels["outcome"] == "fault" else 0.0
        found[tally.labels["kind"]] = (total + tally.amount, bad + fault)
    return found


async def _error_percent(tx: Transaction) -> Sequence[Sample]:
    found = _by_kind(await sum_since(tx, counting.REQUESTS, within=LATELY))
    return [Sample(bad * PERCENT / total, (kind,)) for kind, (total, bad) in found.items()]


async def _requests(tx: Transaction) -> Sequence[Sample]:
    found = _by_kind(await sum_since(tx, counting.REQUESTS, within=LATELY))
    return [Sample(total, (kind,)) for kind, (total, _) in found.items()]


async def _p95(tx: Transaction) -> Sequence[Sample]:
    buckets: dict[str, dict[float, float]] = {}
    for tally in await sum_since(tx, counting.REQUEST_SECONDS, within=LATELY):
        buckets.setdefault(tally.labels["kind"], {})[float(tally.labels["le"])] = tally.amount
    return [Sample(quantile(0.95, counts), (kind,)) for kind, counts in buckets.items()]


async def _booking_p95(tx: Transaction) -> Sequence[Sample]:
    tallies = await sum_since(tx, counting.BOOKING_SECONDS, within=LATELY)
    counts = {float(tally.labels["le"]): tally.amount for tally in tallies}
    return [Sample(quantile(0.95, counts) * MILLISECONDS)] if counts else [Sample(0.0)]


async def _request_counts(tx: Transaction) -> dict[str, tuple[float, float]]:
    spans = await sum_by_span(tx, counting.REQUESTS, spans=SPANS)
    kinds = {span: _by_kind(tallies).values() for span, tallies in spans.items()}
    return {span: (sum(all_ for all_, _ in pairs), sum(bad for _, bad in pairs)) for span, pairs in kinds.items()}


async def _http_burn(tx: Transaction) -> Sequence[Sample]:
    return burn_rates(await _request_counts(tx), allowed=ALLOWED_FAULTS)


async def _http_all(tx: Transaction) -> Sequence[Sample]:
    counted = await _request_counts(tx)
    return [Sample(counted[pair.long][0], (pair.long,)) for pair in PAIRS]


async def _http_faults(tx: Transaction) -> Sequence[Sample]:
    counted = await _request_counts(tx)
    return [Sample(counted[pair.long][1], (pair.long,)) for pair in PAIRS]


async def _cpu(_tx: Transaction) -> Sequence[Sample]:
    return [Sample(psutil.cpu_percent(interval=None))]


KERNEL: tuple[Reading, ...] = (
    Reading(
        name=OUTBOX_DISPATCH_LAG.name,
        help=OUTBOX_DISPATCH_LAG.help,
        measure=_lag,
    ),
    Reading(name=OUTBOX_PENDING.name, help=OUTBOX_PENDING.help, measure=_pending),
    Reading(
        name="webhook_lag_seconds",
        help="For how long the oldest news from a webhook has waited for its consequences.",
        measure=_webhook_lag,
    ),
    Reading(
        name="webhook_signature_failures_per_minute",
        help="Webhooks refused for their signature in the last whole minute, by all processes.",
        measure=_signature_failures,
        labels=("provider",),
    ),
    Reading(
        name="http_error_percent",
        help="Share of the requests of the last 5 minutes that ended with a fault of ours.",
        measure=_error_percent,
        labels=("kind",),
    ),
    Reading(
        name="http_recent_requests",
        help="Requests of the last 5 minutes, by all processes.",
        measure=_requests,
        labels=("kind",),
    ),
    Reading(
        name="http_p95_seconds",
        help="95th percentile of seconds from request to answer, over the last 5 minutes.",
        measure=_p95,
        labels=("kind",),
    ),
    Reading(
        name=BOOKING_POST_P95.name,
        help=BOOKING_POST_P95.help,
        measure=_booking_p95,
    ),
    Reading(
        name="http_burn_rate",
        help="How many times too fast the error budget of requests is used, over a window and a twelfth of it.",
        measure=_http_burn,
        labels=("window",),
    ),
    Reading(
        name="http_window_requests",
        help="Requests in a window, by all processes.",
        measure=_http_all,
        labels=("window",),
    ),
    Reading(
        name="http_window_faults",
        help="Requests in a window that ended with a fault of ours.",
        measure=_http_faults,
        labels=("window",),
    ),
    Reading(name="database_up", help="1 while the database answers.", measure=_up),
    Reading(
        name="database_connections_percent",
        help="Share of PostgreSQL's connections that is in use.",
        measure=_connections,
    ),
    Reading(
        name="database_oldest_transaction_seconds",
        help="For how long the longest transaction has run; long ones bloat every queue.",
        measure=_oldest_transaction,
    ),
    Reading(
        name="clock_offset_seconds",
        help="How far this machine's clock is from the database's.",
        measure=_clock_offset,
    ),
    Reading(name="host_cpu_percent", help="How busy this machine is, since the last look.", measure=_cpu),
    Reading(
        name="check_failing",
        help="1 for each check that is not well.",
        measure=_failing,
        labels=("check", "severity", "kind"),
    ),
    Reading(
        name="alert_groups_untold",
        help="Groups of alerts that fire for more than 5 minutes and that no sink has taken.",
        measure=_untold,
    ),
    Reading(
        name="alert_readings_failed",
        help="1 for each reading that could not be measured when alerts were last evaluated.",
        measure=_failed_readings,
        labels=("reading",),
    ),
    Reading(name="alerts_watched", help="1 as long as alerts can be evaluated.", measure=_watched),
)


def all_readings(machine: Machine) -> tuple[Reading, ...]:
    """List every reading."""
    return (
        *KERNEL,
        *_of_machine(machine),
        *backups_checks.READINGS,
        *campaigns_readings.READINGS,
        *consent_readings.READINGS,
        *contacts_readings.READINGS,
        *conversations_readings.READINGS,
        *delivery_readings.READINGS,
        *textback_readings.READINGS,
        *calendar_upkeep.READINGS,
    )


def metric_of(reading: Reading) -> Metric:
    """Describe the gauge under which a reading is exported."""
    return Metric(reading.name, MetricKind.COMPUTED, reading.help, reading.labels)


def _of_machine(machine: Machine) -> tuple[Reading, ...]:
    async def disk(_tx: Transaction) -> Sequence[Sample]:
        usage = shutil.disk_usage(machine.home)
        return [Sample(usage.free * PERCENT / usage.total)]

    return (
        Reading(name="host_disk_free_percent", help="Free share of the disk that keeps our state.", measure=disk),
        Reading(
            name="certificate_days_left",
            help="Days until the certificate of our public address expires; nothing without https.",
            measure=_certificate(machine),
        ),
    )


def _certificate(machine: Machine) -> Callable[[Transaction], Awaitable[Sequence[Sample]]]:
    """Look at the certificate once an hour; between two looks it only gets older."""
    seen: dict[str, tuple[float, datetime]] = {}

    async def measure(tx: Transaction) -> Sequence[Sample]:
        address = urlsplit(machine.public_base_url)
        if machine.certificates is None or address.scheme != "https" or address.hostname is None:
            return []
        looked_at, expires_at = seen.get(address.hostname, (float("-inf"), tx.now))
        if time.monotonic() - looked_at > CERTIFICATE_EVERY_SECONDS:
            expires_at = await machine.certificates.expires_at(host=address.hostname, port=address.port or 443)
            seen[address.hostname] = (time.monotonic(), expires_at)
        return [Sample((expires_at - tx.now).total_seconds() / timedelta(days=1).total_seconds())]

    return measure


def by_name(readings: Sequence[Reading]) -> Mapping[str, Reading]:
    """Give readings by their names; a name that is there twice is a ValueError."""
    found: dict[str, Reading] = {}
    for reading in readings:
        if reading.name in found:
            raise ValueError(f"{reading.name} is there twice")
        found[reading.name] = reading
    return found
