"""What a worker does by the clock and on order: voicemails brought home, old rows forgotten."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path

from frontdesk.features import billing, conversations, delivery, tenants, textback
from frontdesk.features.billing.jobs import add_workflows as add_billing_workflows
from frontdesk.features.calls.jobs import add_workflows
from frontdesk.features.campaigns.jobs import add_workflows as add_campaign_workflows
from frontdesk.features.consent.jobs import add_workflows as add_consent_workflows
from frontdesk.features.contacts.jobs import add_import_workflow, forget_old_rows
from frontdesk.features.insights.jobs import add_workflows as add_insight_workflows
from frontdesk.kernel import auth
from frontdesk.kernel.allowances import forget_allowances
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.idempotency import forget_old_keys
from frontdesk.kernel.jobs import JobsWorker, RunContext, Workflows, forget_old_runs
from frontdesk.kernel.retention import BATCH, forget_events, forget_webhooks
from frontdesk.operations.backups.jobs import add_backup_workflows
from frontdesk.operations.custody.jobs import add_custody_workflows
from frontdesk.operations.drills.jobs import add_drill_workflow
from frontdesk.operations.maintenance.cleaning import MONITORS_DAYS, RETENTION, RUNS_DAYS
from frontdesk.operations.monitors import queries as monitors
from frontdesk.ports.media import MediaFetcher
from frontdesk.providers.http import HttpClient
from frontdesk.providers.twilio import TwilioMedia
from frontdesk.wiring import Frontdesk
from frontdesk.wiring.custody import custodian_of
from frontdesk.wiring.letters import OutTray, add_letter_workflow
from frontdesk.wiring.mail import find_postman
from frontdesk.wiring.models import dialogue_means, model_of

LOGINS_DAYS = 30  # the throttle looks back so far
KEYS_HOURS = 24

Forget = Callable[[Transaction], Awaitable[int]]


def background_worker(parts: Frontdesk, *, database_url: str, home: Path, http: HttpClient) -> JobsWorker:
    """Make the worker for background runs; `http` fetches media and is closed by whoever made it."""
    media: dict[str, MediaFetcher] = {}
    if parts.twilio is not None:
        media["twilio"] = TwilioMedia(parts.twilio, http, clock=parts.clock)
    workflows = Workflows()
    add_workflows(workflows, media=media, folder=home / "recordings")
    add_import_workflow(workflows, app=parts.app, folder=home / "imports")
    add_campaign_workflows(workflows, app=parts.app)
    add_consent_workflows(workflows, app=parts.app, system=parts.system)
    add_insight_workflows(workflows, app=parts.app, system=parts.system)
    add_billing_workflows(workflows, system=parts.system, provider=parts.payments)
    conversations.add_workflows(workflows, system=parts.system)
    textback.add_dialogue_workflow(
        workflows,
        app=parts.app,
        model=model_of(parts.settings, http),
        means=dialogue_means(parts.settings, lane=parts.courier, public_base_url=parts.public_base_url),
    )
    add_retention(workflows, parts)
    add_backup_workflows(workflows, home=home)
    add_drill_workflow(workflows, home=home)
    add_letter_workflow(workflows, tray=OutTray(parts.settings.signing_keys()), postman=find_postman(parts.settings))
    add_custody_workflows(workflows, custodian_of(parts), system=parts.system, settings=parts.settings)
    return JobsWorker(database_url, workflows, app=parts.app, system=parts.system)


def add_retention(workflows: Workflows, parts: Frontdesk) -> None:
    """Register the nightly forgetting: raw webhooks, handed-on events, texts, rows of imports, logins, finished runs.

    The ages come from the RETENTION_… settings. The consent ledger and the audit log are never touched.
    """
    ages = parts.settings.retention

    @workflows.workflow(RETENTION)
    async def forget(run: RunContext) -> None:
        now = run.now()

        async def webhooks() -> int:
            before = now - timedelta(days=ages.webhook_events_days)
            gone = await _in_batches(parts, lambda tx: billing.forget_nobodys_news(tx, before=before, limit=BATCH))
            return gone + await _in_batches(parts, lambda tx: forget_webhooks(tx, before=before))

        async def events() -> int:
            before = now - timedelta(days=ages.outbox_events_days)
            return await _in_batches(parts, lambda tx: forget_events(tx, before=before))

        async def texts() -> int:
            return await _forget_texts(parts, before=now - timedelta(days=ages.conv_messages_days))

        async def imports() -> int:
            return await _forget_imports(parts, before=now - timedelta(days=ages.import_rows_days))

        async def logins(tx: Transaction) -> int:
            return await auth.forget_old_logins(tx, before=now - timedelta(days=LOGINS_DAYS))

        async def runs(tx: Transaction) -> int:
            return await forget_old_runs(tx, before=now - timedelta(days=RUNS_DAYS))

        async def keys() -> int:
            return await _in_batches(
                parts, lambda tx: forget_old_keys(tx, before=now - timedelta(hours=KEYS_HOURS), limit=BATCH)
            )

        async def limits() -> int:
            before = now - timedelta(hours=KEYS_HOURS)
            return await _in_batches(
                parts, lambda tx: delivery.forget_provoked(tx, before=before, limit=BATCH)
            ) + await _in_batches(parts, lambda tx: forget_allowances(tx, before=before, limit=BATCH))

        await run.call("webhooks", webhooks)
        await run.call("idempotency keys", keys)
        await run.call("limits", limits)
        await run.call("events", events)
        await run.call("texts", texts)
        await run.call("imports", imports)
        await run.call("monitors", lambda: _forget_tries(parts, before=now - timedelta(days=MONITORS_DAYS)))
        await run.step("logins", logins)
        await run.step("runs", runs)

    workflows.schedule("retention.nightly", workflow=RETENTION, expression="17 3 * * *")


async def _in_batches(parts: Frontdesk, forget: Forget) -> int:
    """Forget batch after batch, each in a transaction of its own, until a batch is not full."""
    total = 0
    while True:
        async with parts.system.transaction() as tx:
            gone = await forget(tx)
        total += gone
        if gone < BATCH:
            return total


async def _forget_tries(parts: Frontdesk, *, before: datetime) -> int:
    return await _in_batches(parts, lambda tx: monitors.forget_runs(tx, before=before, limit=BATCH))


async def _forget_imports(parts: Frontdesk, *, before: datetime) -> int:
    async with parts.system.transaction() as tx:
        businesses = await tenants.list_tenants(tx)
    return sum([await forget_old_rows(parts.app, business.id, before=before) for business in businesses])


async def _forget_texts(parts: Frontdesk, *, before: datetime) -> int:
    async with parts.system.transaction() as tx:
        businesses = await tenants.list_tenants(tx)
    total = 0
    for business in businesses:
        while True:
            async with parts.app.transaction(business.id) as tx:
                gone = await conversations.forget_old_messages(tx, before=before, limit=BATCH)
            total += gone
            if gone < BATCH:
                break
    return total
