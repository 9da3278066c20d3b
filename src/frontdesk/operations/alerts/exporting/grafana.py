"""Boards for Grafana: what is promised, what waits, what comes in, what carriers do, campaigns, and the machine."""

from __future__ import annotations

import json
from dataclasses import dataclass

COLUMNS, HEIGHT, WIDTH = 2, 8, 12
SOURCE = {"type": "prometheus", "uid": "${datasource}"}


@dataclass(frozen=True, slots=True)
class Panel:
    """One graph: what it shows, in which unit, and the line that must not be crossed."""

    title: str
    expressions: tuple[str, ...]
    unit: str = "short"
    limit: float | None = None
    legend: str = ""


@dataclass(frozen=True, slots=True)
class Board:
    """One dashboard."""

    slug: str
    title: str
    panels: tuple[Panel, ...]


BOARDS: tuple[Board, ...] = (
    Board(
        "slo-overview",
        "SLO overview",
        (
            Panel("Missed call to text, P95", ("slo_first_sms_p95_seconds",), "s", 5),
            Panel("Error budget of first texts, burn rate", ("first_text_burn_rate",), legend="{{window}}", limit=14.4),
            Panel(
                "Answered and late first texts",
                ("first_text_answers", "first_text_late"),
                legend="{{__name__}} {{window}}",
            ),
            Panel("Requests, P95", ("http_p95_seconds",), "s", 0.5, "{{kind}}"),
            Panel("Error budget of requests, burn rate", ("http_burn_rate",), legend="{{window}}", limit=14.4),
            Panel("Faults of ours", ("http_error_percent",), "percent", 1, "{{kind}}"),
            Panel("Texts that arrive", ("delivery_rate_percent",), "percent", 95, "{{tenant}}"),
            Panel("Checks that are not well", ("check_failing",), legend="{{check}} {{severity}}"),
        ),
    ),
    Board(
        "outbox-health",
        "Outbox health",
        (
            Panel("Age of the oldest event", ("outbox_dispatch_lag_seconds",), "s", 60),
            Panel("Events that wait", ("outbox_pending_events",)),
            Panel("Texts that people wait for", ("send_queue_waiting",), limit=100),
            Panel("Texts that are due, marketing among them", ("send_queue_length",), limit=10_000),
            Panel("Oldest receipt of an unknown text", ("parked_receipt_age_seconds",), "s", 600),
            Panel(
                "Answers to missed calls given up within an hour", ("first_texts_failed",), limit=0, legend="{{tenant}}"
            ),
        ),
    ),
    Board(
        "webhook-health",
        "Webhook health",
        (
            Panel(
                "Webhooks a second",
                ("sum by (provider, status) (rate(webhook_requests_total[5m]))",),
                "reqps",
                legend="{{provider}} {{status}}",
            ),
            Panel("Waiting for consequences", ("webhook_lag_seconds",), "s", 30),
            Panel(
                "Signature failures a minute",
                ("webhook_signature_failures_per_minute",),
                limit=10,
                legend="{{provider}}",
            ),
            Panel(
                "Repeated webhooks a second",
                ("sum by (provider) (rate(webhook_dedupe_hits_total[5m]))",),
                "reqps",
                legend="{{provider}}",
            ),
        ),
    ),
    Board(
        "provider-error-rates",
        "Provider error rates",
        (
            Panel("POSTs that a carrier could not take", ("carrier_error_percent",), "percent", 20, "{{provider}}"),
            Panel("POSTs in 10 minutes", ("carrier_posts",), legend="{{provider}}"),
            Panel("Texts that fail", ("delivery_failed_percent",), "percent", 5, "{{tenant}}"),
            Panel("Texts that ended within an hour", ("delivery_ended_texts",), legend="{{tenant}}"),
        ),
    ),
    Board(
        "campaigns",
        "Campaigns",
        (
            Panel("Campaigns that run", ("campaigns_running",), legend="{{tenant}}"),
            Panel("Campaigns that stopped themselves", ("campaigns_stopped",), limit=0, legend="{{tenant}}"),
            Panel("STOP after the last 100 texts", ("opt_out_percent",), "percent", 3, "{{tenant}}"),
            Panel("Budget spent", ("budget_used_percent",), "percent", 90, "{{tenant}}"),
            Panel("Numbers at their limit of the day", ("warmup_limit_reached",), legend="{{tenant}}"),
            Panel("Imports completed", ("imports_completed",), legend="{{tenant}}"),
        ),
    ),
    Board(
        "database-and-machine",
        "Database and machine",
        (
            Panel("Connections in use", ("database_connections_percent",), "percent", 80),
            Panel("Longest transaction", ("database_oldest_transaction_seconds",), "s", 600),
            Panel("Processor", ("host_cpu_percent",), "percent", 80),
            Panel("Free disk", ("host_disk_free_percent",), "percent", 15),
            Panel("Clock offset", ("clock_offset_seconds",), "s", 2),
            Panel("Alerts that nobody was told of", ("alert_groups_untold",), limit=0),
        ),
    ),
)


def grafana_files() -> dict[str, str]:
    """Write every board as JSON, by file name."""
    return {f"{board.slug}.json": json.dumps(_board(board), indent=2, ensure_ascii=False) + "\n" for board in BOARDS}


def _board(board: Board) -> dict[str, object]:
    return {
        "uid": f"frontdesk-{board.slug}",
        "title": f"Frontdesk: {board.title}",
        "tags": ["frontdesk"],
        "schemaVersion": 38,
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "templating": {"list": [{"name": "datasource", "type": "datasource", "query": "prometheus"}]},
        "panels": [_panel(panel, number) for number, panel in enumerate(board.panels)],
    }


def _panel(panel: Panel, number: int) -> dict[str, object]:
    steps: list[dict[str, object]] = [{"color": "green", "value": None}]
    if panel.limit is not None:
        steps.append({"color": "red", "value": panel.limit})
    return {
        "id": number + 1,
        "type": "timeseries",
        "title": panel.title,
        "datasource": SOURCE,
        "gridPos": {"h": HEIGHT, "w": WIDTH, "x": number % COLUMNS * WIDTH, "y": number // COLUMNS * HEIGHT},
        "targets": [
            {
                "refId": chr(ord("A") + place),
                "expr": expression,
                "legendFormat": panel.legend or "__auto",
                "datasource": SOURCE,
            }
            for place, expression in enumerate(panel.expressions)
        ],
        "fieldConfig": {
            "defaults": {
                "unit": panel.unit,
                "thresholds": {"mode": "absolute", "steps": steps},
                "custom": {"thresholdsStyle": {"mode": "off" if panel.limit is None else "line"}},
            },
            "overrides": [],
        },
    }
