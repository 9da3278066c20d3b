"""The page that maps names and procedures of the runbooks we serve (sources S2 and S3) to those of Frontdesk."""

from __future__ import annotations

from scripts.reference_pages.markdown import page, table
from scripts.reference_pages.procedures import render_procedures

INTRODUCTION = """
Operators who come from a system whose runbook we serve find every name and every step here. Settings, metrics, tables
and endpoints keep their names. Where a row says *not yet* or *comes with*, the part that it belongs to is not built.
"""
HOW_CHECKED = """
What each step of their runbooks is here, and how the tests check it: *run* and *asked* on an installation; *help* for
what would disturb it or takes long, whose whole way is gone by the test that is named; *exists* for alerts and
runbooks; *absent* for what is not built.
"""

# Metric of the source: where it is, or what it waits for.
METRICS: dict[str, str] = {
    "slo_first_sms_p95_seconds": "",
    "outbox_dispatch_lag_seconds": "",
    "webhook_dedupe_hits_total": "",
    "webhook_signature_failures_total": "",
    "booking_post_p95_ms": "",
    "calendar_sync_errors_total": "not yet: calendars",
    "scheduling_book_conflict_total": "",
}
SETTINGS: tuple[str, ...] = (
    "DATABASE_URL", "SECRET_KEY", "TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "TWILIO_MESSAGING_SERVICE_SID",
    "STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET", "GOOGLE_CLIENT_ID", "GOOGLE_CLIENT_SECRET", "CLERK_JWT_ISSUER",
    "CLERK_JWT_AUDIENCE", "CLERK_JWKS_URL", "JOBBER_API_TOKEN", "HOLD_TTL_MINUTES", "SEARCH_GRANULARITY_MINUTES",
    "POLL_INTERVAL_GOOGLE_SECONDS", "POLL_INTERVAL_JOBBER_SECONDS", "OUTBOX_BATCH_SIZE", "OUTBOX_CONCURRENCY",
    "TREAT_SHORT_COMPLETED_AS_MISSED", "SHORT_COMPLETED_MAX_SECONDS", "PAUSE_OUTBOUND_SMS",
)  # fmt: skip
DEFAULTS: dict[str, object] = {
    "HOLD_TTL_MINUTES": 15,
    "SEARCH_GRANULARITY_MINUTES": 15,
    "POLL_INTERVAL_GOOGLE_SECONDS": 60,
    "POLL_INTERVAL_JOBBER_SECONDS": 120,
    "OUTBOX_BATCH_SIZE": 100,
    "OUTBOX_CONCURRENCY": 2,
    "TREAT_SHORT_COMPLETED_AS_MISSED": False,
    "SHORT_COMPLETED_MAX_SECONDS": 10,
    "PAUSE_OUTBOUND_SMS": False,
}
# Settings that are read and checked, and wait for the part that uses them.
WAITING: dict[str, str] = {
    "GOOGLE_": "calendars", "JOBBER_": "calendars",
    "POLL_": "calendars",
}  # fmt: skip
# Table and columns of the source: what it waits for, if anything.
TABLES: dict[str, tuple[tuple[str, ...], str]] = {
    "outbox_events": (("dispatched_at", "available_at", "attempts", "last_error", "created_at"), ""),
    "outbox_events_errors": (("last_error",), ""),
    "webhook_events": (("provider", "received_at"), ""),
    "conv_messages": ((), ""),
    "sched_holds": (("id", "resource_id", "expires_at"), ""),
}
ENDPOINTS: tuple[tuple[str, str], ...] = (
    ("`/healthz`", "`/healthz`, open; `/health` is the same"),
    ("Twilio webhooks", "`/webhooks/twilio/…`, listed in [the API](api.md)"),
    ("Stripe webhooks", "`/webhooks/stripe`"),
    ("Google and Jobber webhooks", "not yet: calendars"),
)
LOG_FIELDS: tuple[str, ...] = ("tenant_id", "module", "event_name", "correlation_id", "http_status")


def waits_for(setting: str) -> str:
    """Tell which part a setting waits for; empty when it is in use."""
    return next((part for beginning, part in WAITING.items() if setting.startswith(beginning)), "")


def render_sources() -> str:
    """Make the page."""
    settings = [
        (f"`{name}`", "read and checked; not yet used: " + waits_for(name) if waits_for(name) else "in use")
        for name in SETTINGS
    ]
    tables = [
        (f"`{name}`", ", ".join(f"`{column}`" for column in columns), note or "[table](tables.md#" + name + ")")
        for name, (columns, note) in TABLES.items()
    ]
    metrics = [(f"`{name}`", note or "exported at `/metrics`") for name, note in METRICS.items()]
    return page(
        "Names of the sources",
        INTRODUCTION,
        f"## Settings\n\n{table(('setting', 'here'), settings)}\n\nNames and defaults: [settings](settings.md).",
        f"## Metrics\n\n{table(('metric', 'here'), metrics)}",
        f"## Tables\n\n{table(('table', 'columns that runbooks read', 'here'), tables)}",
        f"## Endpoints\n\n{table(('endpoint', 'here'), ENDPOINTS)}",
        f"## Commands and procedures\n\n{HOW_CHECKED.strip()}",
        f"### Missed calls (S2)\n\n{render_procedures('S2')}",
        f"### Texts to many (S3)\n\n{render_procedures('S3')}",
        "## Logs\n\nEvery line may carry " + ", ".join(f"`{name}`" for name in LOG_FIELDS) + ".",
    )
