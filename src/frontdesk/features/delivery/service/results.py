"""Recording how POSTs ended, many at a time, fenced."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from frontdesk.features.delivery.events import CarrierReportedOptOut, TextGivenUp, TextProgressed
from frontdesk.features.delivery.model import JobStatus, LeasedJob, MessageClass
from frontdesk.features.delivery.queries import budgets, doubt, jobs, switches
from frontdesk.features.delivery.retry import Outcome, Resolution, SenderNews, resolve
from frontdesk.features.delivery.service.receipts import take_parked
from frontdesk.kernel.db import Transaction
from frontdesk.ports import ProviderError


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """One POST that ended; `started_at` is None if it never began; `jitter` (0..1) spreads the next try."""

    job: LeasedJob
    outcome: Outcome
    started_at: datetime | None
    jitter: float


async def record_posts(tx: Transaction, posts: Sequence[Posted]) -> None:
    """Write the outcomes, the state that follows from each, the numbers' health, money back, and the news of it.

    A result whose lease was lost changes no job; it stays on record as an attempt.
    """
    resolved = [(post, _resolve(post, tx.now)) for post in posts]
    taken = await jobs.record_results(tx, [_result(post, resolution) for post, resolution in resolved])
    summaries = _summarise(resolved)
    if summaries:
        await switches.update_breakers(tx, summaries)
    queued = [post.job for post, end in resolved if end.status is JobStatus.QUEUED and post.job.id in taken]
    if queued:
        await budgets.refund_queued(tx, [(job.id, job.tenant_id) for job in queued])
    for post, resolution in resolved:
        if resolution.sender is SenderNews.BLOCKED and isinstance(post.outcome, ProviderError):
            await switches.block_number(tx, sender_e164=post.job.sender_e164, reason=post.outcome.provider_code)
        if post.job.id in taken:
            _announce(tx, post.job, resolution)
    await _join_parked(tx, resolved)


def _resolve(post: Posted, now: datetime) -> Resolution:
    job = post.job
    return resolve(
        post.outcome,
        message_class=job.message_class,
        attempts=job.attempts,
        useful_until=job.useful_until,
        now=now,
        jitter=post.jitter,
    )


def _result(post: Posted, resolution: Resolution) -> jobs.PostResult:
    error = post.outcome if isinstance(post.outcome, ProviderError) else None
    return jobs.PostResult(
        id=post.job.id,
        fence=post.job.fence,
        status=resolution.status,
        available_at=resolution.available_at,
        provider_message_id=resolution.provider_message_id,
        failure_code=resolution.failure_code,
        failure_reason=resolution.failure_reason,
        error=str(error)[:300] if error is not None else "",
        attempt=resolution.attempt,
        started_at=post.started_at,
        http_status=error.http_status if error is not None else 0,
        provider_code=error.provider_code if error is not None else "",
    )


def _announce(tx: Transaction, job: LeasedJob, resolution: Resolution) -> None:
    """Tell what happened; a POST that never began is no news, and of marketing, counted in sets, an opt-out only."""
    if resolution.attempt == "not_started":
        return
    # An answer to their own STOP tells nothing new; by the time it is refused they may have said START.
    if resolution.opted_out and job.message_class is not MessageClass.COMPLIANCE:
        tx.announce(
            CarrierReportedOptOut(
                job_id=job.id,
                recipient_e164=job.recipient_e164,
                sender_e164=job.sender_e164,
                provider=job.provider,
            ),
            tenant_id=job.tenant_id,
            correlation_id=job.correlation_id,
        )
    if job.message_class is MessageClass.MARKETING:
        return
    tx.announce(
        TextProgressed(job_id=job.id, status=resolution.status.value, code=resolution.failure_code or ""),
        tenant_id=job.tenant_id,
        correlation_id=job.correlation_id,
    )
    if resolution.gave_up:
        tx.announce(
            TextGivenUp(
                job_id=job.id,
                recipient_e164=job.recipient_e164,
                message_class=job.message_class.value,
                reason=resolution.failure_code or "",
            ),
            tenant_id=job.tenant_id,
            correlation_id=job.correlation_id,
        )


def _summarise(resolved: Sequence[tuple[Posted, Resolution]]) -> list[switches.SenderSummary]:
    """Sum up a batch per number, in a fixed order so that two processes lock rows alike."""
    by_sender: dict[tuple[str, str], list[Resolution]] = {}
    for post, resolution in resolved:
        if resolution.sender is not SenderNews.NOTHING:
            by_sender.setdefault((post.job.provider, post.job.sender_e164), []).append(resolution)
    summaries = []
    for (provider, sender), resolutions in sorted(by_sender.items()):
        trailing = 0
        for resolution in resolutions:
            trailing = trailing + 1 if resolution.sender is SenderNews.FAILING else 0
        asked = [one.hold_sender_until for one in resolutions if one.hold_sender_until is not None]
        summaries.append(
            switches.SenderSummary(
                provider=provider,
                sender_e164=sender,
                succeeded=sum(one.sender is SenderNews.HEALTHY for one in resolutions),
                failed=sum(one.sender is SenderNews.FAILING for one in resolutions),
                trailing=trailing,
                asked_until=max(asked) if asked else None,
            )
        )
    return summaries


async def _join_parked(tx: Transaction, resolved: Sequence[tuple[Posted, Resolution]]) -> None:
    """Apply receipts that came before we knew the message they speak of."""
    by_provider: dict[str, list[str]] = {}
    for post, resolution in resolved:
        if resolution.provider_message_id and resolution.status is JobStatus.ACCEPTED:
            by_provider.setdefault(post.job.provider, []).append(resolution.provider_message_id)
    for provider, ids in by_provider.items():
        for parked in await doubt.unpark(tx, provider=provider, ids=ids):
            await take_parked(tx, parked)
