"""Intake of webhooks: archived raw and deduplicated in the same transaction as what they change."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from uuid import UUID

import msgspec

from frontdesk.kernel.db import UNAVAILABLE, Database, Transaction, affected
from frontdesk.kernel.errors import Refused
from frontdesk.kernel.ids import new_id
from frontdesk.kernel.telemetry import get_logger

log = get_logger("intake")

ARCHIVE = """
    insert into webhook_events (id, tenant_id, provider, kind, dedupe_key, content_type, body, headers, correlation_id,
                                received_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8::jsonb, $9, $10)
    on conflict (provider, dedupe_key) do nothing
"""

COUNT_KEPT = "select count(*)::int from webhook_events where provider = $1 and kind = $2"

SECRET_HEADERS = frozenset({"authorization", "cookie", "proxy-authorization"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """A verified webhook as it arrived; `dedupe_key` is the same for every delivery of one piece of news."""

    provider: str
    kind: str
    dedupe_key: str
    content_type: str
    body: bytes
    headers: Mapping[str, str]
    correlation_id: UUID


async def archive(tx: Transaction, webhook: Webhook) -> bool:
    """Keep the raw webhook; False if this piece of news was taken in before.

    Two deliveries at the same moment: the second waits for the first transaction and then counts as a repeat.
    """
    tag = await tx.execute(
        ARCHIVE,
        new_id(),
        tx.tenant_id,
        webhook.provider,
        webhook.kind,
        webhook.dedupe_key,
        webhook.content_type,
        webhook.body,
        headers_json(webhook),
        webhook.correlation_id,
        tx.now,
    )
    return affected(tag) == 1


async def count_kept(tx: Transaction, *, provider: str, kind: str) -> int:
    """Count the webhooks of one kind that were kept, each once however often it was told."""
    found = await tx.fetchval(COUNT_KEPT, provider, kind)
    return found if isinstance(found, int) else 0


def headers_json(webhook: Webhook) -> str:
    """Write the headers that may be kept as JSON: credentials are not."""
    headers = {name: value for name, value in webhook.headers.items() if name.lower() not in SECRET_HEADERS}
    return msgspec.json.encode(headers).decode()


async def take_in(
    database: Database,
    webhook: Webhook,
    change: Callable[[Transaction], Awaitable[None]],
    *,
    tenant_id: UUID | None,
) -> bool:
    """Archive a webhook and make its change in one transaction; False if it was a repeat.

    Work that a person waits for runs in that transaction too; should that work fail, the change is made without it
    and the dispatcher does it afterwards: the news itself is never lost to a fault further down.
    """

    async def whole(tx: Transaction) -> bool:
        if not await archive(tx, webhook):
            return False
        await change(tx)
        return True

    return await take_in_whole(database, webhook, whole, tenant_id=tenant_id)


async def take_in_whole(
    database: Database,
    webhook: Webhook,
    whole: Callable[[Transaction], Awaitable[bool]],
    *,
    tenant_id: UUID | None,
) -> bool:
    """Take in a webhook that `whole` archives itself, together with its change; as `take_in` otherwise."""
    try:
        return await database.perform(whole, tenant_id=tenant_id, correlation_id=webhook.correlation_id, inline=True)
    except (Refused, *UNAVAILABLE):
        raise
    except Exception:
        log.exception("inline_work_failed", provider=webhook.provider, kind=webhook.kind)
    return await database.perform(whole, tenant_id=tenant_id, correlation_id=webhook.correlation_id)
