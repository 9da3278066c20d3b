"""Metrics in Prometheus form: a catalogue of what is measured, and one registry per process."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest

from frontdesk.kernel.telemetry.logs import get_logger

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4
COLLECT_SECONDS = 5.0
# From a fraction of a millisecond (the inline lane) to the source's 5 s objective and beyond.
LATENCY_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.015, 0.03, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0, 300.0)


class MetricKind(StrEnum):
    """How a metric behaves."""

    COUNTER = "counter"  # only rises
    GAUGE = "gauge"  # set in this process
    COMPUTED = "computed"  # a gauge asked of the database when scraped
    HISTOGRAM = "histogram"  # seconds, in LATENCY_BUCKETS


@dataclass(frozen=True, slots=True)
class Metric:
    """One thing that is measured; `name` as exported, `help` one sentence."""

    name: str
    kind: MetricKind
    help: str
    labels: tuple[str, ...] = ()


Readings = Mapping[tuple[str, ...], float]
AsyncReading = Callable[[], Awaitable[float | Readings | None]]

WEBHOOK_REQUESTS = Metric(
    "webhook_requests_total", MetricKind.COUNTER, "Webhooks received, by provider and answer.", ("provider", "status")
)
WEBHOOK_DEDUPE_HITS = Metric(
    "webhook_dedupe_hits_total", MetricKind.COUNTER, "Webhooks that had been taken in before.", ("provider",)
)
WEBHOOK_SIGNATURE_FAILURES = Metric(
    "webhook_signature_failures_total", MetricKind.COUNTER, "Webhooks refused for their signature.", ("provider",)
)
OUTBOX_DISPATCH_LAG = Metric(
    "outbox_dispatch_lag_seconds", MetricKind.COMPUTED, "Age of the oldest event that is due and not handed on."
)
OUTBOX_PENDING = Metric("outbox_pending_events", MetricKind.COMPUTED, "Events that are due and not handed on.")
FIRST_SMS_P95 = Metric(
    "slo_first_sms_p95_seconds",
    MetricKind.COMPUTED,
    "95th percentile of missed call received to first text handed over, over the last 10 minutes.",
)
HTTP_REQUESTS = Metric(
    "http_requests_total", MetricKind.COUNTER, "Requests answered, by route and status.", ("method", "route", "status")
)
HTTP_REQUEST_SECONDS = Metric(
    "http_request_seconds", MetricKind.HISTOGRAM, "Seconds from request to answer, by route.", ("route",)
)
BUGS = Metric("bugs_total", MetricKind.COUNTER, "Errors that no part expected, by module.", ("module",))
LOGIN_REFUSALS = Metric("login_refusals_total", MetricKind.COUNTER, "Logins refused, by reason.", ("reason",))
API_REFUSALS = Metric(
    "api_requests_refused_total",
    MetricKind.COUNTER,
    "Requests refused for coming too fast, by whose limit it was.",
    ("limit",),
)
API_UNMETERED = Metric(
    "api_requests_unmetered_total", MetricKind.COUNTER, "Requests let through because no limit could be read."
)
BOOK_CONFLICTS = Metric(
    "scheduling_book_conflict_total", MetricKind.COUNTER, "Times that were asked for and could not be had."
)
BOOKING_POST_SECONDS = Metric(
    "booking_post_seconds", MetricKind.HISTOGRAM, "Seconds from the wish to book to its answer, database and all."
)
BOOKING_POST_P95 = Metric(
    "booking_post_p95_ms",
    MetricKind.COMPUTED,
    "95th percentile of milliseconds from the wish to book to its answer, over the last 5 minutes.",
)
COLLECTION_FAILURES = Metric(
    "metrics_collection_failures_total", MetricKind.COUNTER, "Readings that failed while being scraped.", ("metric",)
)

CATALOGUE: tuple[Metric, ...] = (
    WEBHOOK_REQUESTS,
    WEBHOOK_DEDUPE_HITS,
    WEBHOOK_SIGNATURE_FAILURES,
    OUTBOX_DISPATCH_LAG,
    OUTBOX_PENDING,
    FIRST_SMS_P95,
    HTTP_REQUESTS,
    HTTP_REQUEST_SECONDS,
    BUGS,
    LOGIN_REFUSALS,
    API_REFUSALS,
    API_UNMETERED,
    BOOK_CONFLICTS,
    BOOKING_POST_SECONDS,
    BOOKING_POST_P95,
    COLLECTION_FAILURES,
)


class Metrics:
    """The metrics of one process; features declare theirs once, at wiring."""

    def __init__(self, catalogue: Iterable[Metric] = CATALOGUE) -> None:
        self._registry = CollectorRegistry()
        self._counters: dict[str, Counter] = {}
        self._gauges: dict[str, Gauge] = {}
        self._histograms: dict[str, Histogram] = {}
        self._readings: dict[str, tuple[Metric, AsyncReading]] = {}
        self.declared: dict[str, Metric] = {}
        for metric in catalogue:
            self.declare(metric)

    def declare(self, metric: Metric) -> None:
        """Export `metric` from now on; refuses a name that is taken, as `ValueError`."""
        if metric.name in self.declared:
            raise ValueError(f"metric {metric.name} is declared twice")
        self.declared[metric.name] = metric
        if metric.kind is MetricKind.COUNTER:
            counter = Counter(metric.name, metric.help, metric.labels, registry=self._registry)
            self._counters[metric.name] = counter
        elif metric.kind is MetricKind.HISTOGRAM:
            self._histograms[metric.name] = Histogram(
                metric.name, metric.help, metric.labels, registry=self._registry, buckets=LATENCY_BUCKETS
            )
        else:
            self._gauges[metric.name] = Gauge(metric.name, metric.help, metric.labels, registry=self._registry)

    def increment(self, metric: Metric, /, amount: float = 1, **labels: str) -> None:
        """Add `amount` to a counter."""
        counter = self._counters[metric.name]
        (counter.labels(**labels) if labels else counter).inc(amount)

    def observe(self, metric: Metric, /, seconds: float, **labels: str) -> None:
        """Add one duration to a histogram."""
        histogram = self._histograms[metric.name]
        (histogram.labels(**labels) if labels else histogram).observe(seconds)

    def set(self, metric: Metric, /, value: float, **labels: str) -> None:
        """Set a gauge."""
        gauge = self._gauges[metric.name]
        (gauge.labels(**labels) if labels else gauge).set(value)

    def totals(self, metric: Metric) -> dict[tuple[str, ...], float]:
        """Tell how far a counter has come, by the values of its labels; a histogram by those and each bucket's bound.

        A bucket holds what fell between it and the one below, and its bound is the last of the values.
        """
        if metric.kind is MetricKind.HISTOGRAM:
            return _buckets(metric, self._histograms[metric.name])
        found: dict[tuple[str, ...], float] = {}
        for family in self._counters[metric.name].collect():
            for sample in family.samples:
                if not sample.name.endswith("_created"):
                    found[tuple(sample.labels[label] for label in metric.labels)] = sample.value
        return found

    def register_async_gauge(self, metric: Metric, reading: AsyncReading) -> None:
        """Ask `reading` for a computed metric whenever metrics are scraped.

        It returns one value, or values by label values in the metric's order, or None for "nothing to tell".
        """
        if metric.kind is not MetricKind.COMPUTED or metric.name not in self.declared:
            raise ValueError(f"{metric.name} is no declared computed metric")
        self._readings[metric.name] = (metric, reading)

    async def render(self) -> bytes:
        """Take all readings and write everything in Prometheus text form; send it as `CONTENT_TYPE`.

        A reading that fails or takes longer than 5 s is left out and counted: a stale value would look healthy.
        """
        await asyncio.gather(*(self._read(metric, reading) for metric, reading in self._readings.values()))
        return generate_latest(self._registry)

    async def _read(self, metric: Metric, reading: AsyncReading) -> None:
        gauge = self._gauges[metric.name]
        try:
            async with asyncio.timeout(COLLECT_SECONDS):
                value = await reading()
        except Exception as error:  # noqa: BLE001 - one broken reading must not hide the others
            get_logger("telemetry").warning("metrics.reading_failed", metric=metric.name, error=error)
            self.increment(COLLECTION_FAILURES, metric=metric.name)
            value = None
        if metric.labels:
            gauge.clear()
            for label_values, number in (value if isinstance(value, Mapping) else {}).items():
                gauge.labels(*label_values).set(number)
        else:
            gauge.set(value if isinstance(value, int | float) else float("nan"))


def _buckets(metric: Metric, histogram: Histogram) -> dict[tuple[str, ...], float]:
    found: dict[tuple[str, ...], float] = {}
    below: dict[tuple[str, ...], float] = {}
    for family in histogram.collect():
        for sample in family.samples:
            if sample.name.endswith("_bucket"):  # in the order of their bounds, each with all below it
                labels = tuple(sample.labels[label] for label in metric.labels)
                found[*labels, sample.labels["le"]] = sample.value - below.get(labels, 0.0)
                below[labels] = sample.value
    return found


def render_metrics_reference(metrics: Iterable[Metric]) -> str:
    """Render the page that lists every metric, as Markdown, sorted by name."""
    rows: list[str] = []
    for metric in sorted(metrics, key=lambda metric: metric.name):
        labels = ", ".join(f"`{label}`" for label in metric.labels)
        rows.append(f"| `{metric.name}` | {metric.kind.value} | {labels} | {metric.help} |")
    head = "# Metrics\n\nGenerated from the program; do not edit. Scraped at `/metrics`.\n"
    return "\n".join([head, "| name | kind | labels | meaning |", "|---|---|---|---|", *rows]) + "\n"
