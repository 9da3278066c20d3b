"""What billing does with news that comes, and with news that should have come and did not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from frontdesk.features.billing.queries import news as queries
from frontdesk.features.billing.queries import payments, plans
from frontdesk.features.billing.service.replaying import FARTHEST, REPLAY
from frontdesk.features.billing.service.telling import take_news
from frontdesk.kernel.db import Database, Transaction
from frontdesk.kernel.errors import Refused
from frontdesk.kernel.ids import new_id
from frontdesk.kernel.intake import Webhook, take_in
from frontdesk.kernel.jobs import RunContext, Workflows
from frontdesk.kernel.telemetry import get_logger
from frontdesk.ports.payments import (
    ChargeNews,
    CheckoutNews,
    InvoiceNews,
    PaymentNews,
    PaymentProvider,
    PieceOfNews,
    RefundNews,
    SubscriptionNews,
)

SILENCE = timedelta(minutes=10)
OVERLAP = timedelta(minutes=15)  # news is told late, and clocks differ
MOST_PAGES = 100

log = get_logger("billing")


@dataclass(frozen=True, slots=True)
class Replayed:
    """What looking for missed news found: how many events there were, and how many of them were new to us."""

    events: int
    new: int


def add_workflows(workflows: Workflows, *, system: Database, provider: PaymentProvider | None) -> None:
    """Register the replay of missed news; without a payment company there is none to replay."""

    @workflows.workflow(REPLAY)
    async def replay(run: RunContext) -> None:
        async def ask() -> dict[str, int]:
            if provider is None:
                raise Refused("billing.not_set_up", "No payment company is set up: see STRIPE_SECRET_KEY", status=409)
            replayed = await replay_news(system, provider, since=datetime.fromisoformat(str(run.args["since"])))
            return {"events": replayed.events, "new": replayed.new}

        await run.call("events", ask)


def as_webhook(provider: str, news: PaymentNews, headers: Mapping[str, str]) -> Webhook:
    """Make the archive's record of news, the same whether it was told or looked up."""
    return Webhook(
        provider=provider,
        kind=news.kind,
        dedupe_key=news.event_id,
        content_type="application/json",
        body=news.body,
        headers=headers,
        correlation_id=new_id(),
    )


async def take_in_news(system: Database, webhook: Webhook, news: PaymentNews) -> bool:
    """Keep news and do what it says in one transaction, once, however often it is told; False if it was a repeat."""
    async with system.transaction() as tx:
        tenant_id = await _find_tenant(tx, news)

    async def change(tx: Transaction) -> None:
        await take_news(tx, news.pieces, event_id=news.event_id, happened_at=news.happened_at)

    return await take_in(system, webhook, change, tenant_id=tenant_id)


async def replay_news(system: Database, provider: PaymentProvider, *, since: datetime) -> Replayed:
    """Ask the payment company for its events since a moment and take in those that never reached us, oldest first."""
    found: list[PaymentNews] = []
    after = ""
    for _ in range(MOST_PAGES):
        page = await provider.list_news(since=since, after=after)
        found.extend(page.news)
        if not page.has_more or not page.news:
            break
        after = page.news[-1].event_id
    new = 0
    for news in reversed(found):
        new += await take_in_news(system, as_webhook(provider.name, news, {}), news)
    log.info("payment_news_replayed", events=len(found), new=new, since=since.isoformat())
    return Replayed(events=len(found), new=new)


async def replay_after_silence(system: Database, provider: PaymentProvider) -> Replayed | None:
    """Look for missed news if something is awaited and none came for 10 minutes; None if there was no need."""
    async with system.transaction() as tx:
        awaited = await queries.find_oldest_awaited(tx)
        last = await queries.find_last_news(tx, provider=provider.name)
        now = tx.now
    if awaited is None or now - max(awaited, last or awaited) < SILENCE:
        return None
    since = max(min(awaited, last or awaited) - OVERLAP, now - FARTHEST)
    return await replay_news(system, provider, since=since)


async def _find_tenant(tx: Transaction, news: PaymentNews) -> UUID | None:
    for piece in news.pieces:
        found = await _find_tenant_of(tx, piece)
        if found is not None:
            return found
    return None


async def _find_tenant_of(tx: Transaction, piece: PieceOfNews) -> UUID | None:
    match piece:
        case SubscriptionNews():
            return await plans.find_subscriber(tx, own_id=piece.own_id, subscription_id=piece.subscription_id)
        case InvoiceNews():
            return await plans.find_subscriber(tx, own_id=None, subscription_id=piece.subscription_id)
        case CheckoutNews() if piece.own_subscription_id is not None:
            return await plans.find_subscriber(tx, own_id=piece.own_subscription_id, subscription_id="")
        case CheckoutNews() | ChargeNews() | RefundNews():
            session_id = piece.session_id if isinstance(piece, CheckoutNews) else ""
            owner = await payments.find_owner(
                tx, payment_id=piece.payment_id, session_id=session_id, intent_id=piece.intent_id
            )
            return None if owner is None else owner[1]
