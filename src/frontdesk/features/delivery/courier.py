"""The courier of one process: posts leased jobs to carriers and records how each POST ended."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Mapping
from datetime import datetime
from uuid import UUID

from frontdesk.features.delivery.model import LeasedJob, validity_seconds
from frontdesk.features.delivery.retry import NotStarted, Outcome
from frontdesk.features.delivery.service.results import Posted, record_posts
from frontdesk.kernel.clock import Clock
from frontdesk.kernel.db import Database
from frontdesk.kernel.telemetry import get_logger
from frontdesk.ports import Accepted, FailureClass, MessagingProvider, OutboundText, ProviderError

log = get_logger("delivery")

DICE = random.SystemRandom()
GROUP_SECONDS = 0.002  # results of this long are written in one transaction
GROUP_SIZE = 256
FIRST_WINDOW = 4  # POSTs in flight until the carrier has shown that it answers


class TooLate(Exception):
    """A verdict has grown too old to act on."""


class Courier:
    """Posts at most `limit` jobs at a time, each exactly once, and writes results in groups.

    How many may be in flight starts at 4, grows by one per accepted text, and falls back to 4 when one fails: an
    outage costs a handful of requests, and recovery is no stampede.
    """

    def __init__(  # noqa: PLR0913 - each names itself; made in one place
        self,
        *,
        system: Database,
        providers: Mapping[str, MessagingProvider],
        clock: Clock,
        process_id: UUID,
        callback_url: Callable[[str, UUID], str],
        limit: int = 256,
        paused_by_setting: bool = False,
        wake: Callable[[], None] = lambda: None,
        recorded: Callable[[], None] = lambda: None,
        cut_off: asyncio.Event | None = None,
        jitter: Callable[[], float] = DICE.random,
    ) -> None:
        self._system = system
        self._providers = providers
        self._clock = clock
        self._process_id = process_id
        self._callback_url = callback_url
        self._limit = limit
        self._window = FIRST_WINDOW
        self._wake = wake
        self._recorded = recorded
        self._cut_off = cut_off or asyncio.Event()
        self._jitter = jitter
        self._posting: set[asyncio.Task[None]] = set()
        self._results: list[Posted] = []
        self._recorder: asyncio.Task[None] | None = None
        self._closed = False
        self.paused_by_setting = paused_by_setting
        self.fenced = False  # spares looking at what the gates would hold anyway

    def monotonic(self) -> float:
        """Tell the time of the clock that bounds a verdict's life, in seconds."""
        return self._clock.monotonic()

    def free_slots(self) -> int:
        """Tell how many more jobs may be posted now."""
        if self._closed or self._cut_off.is_set():
            return 0
        return max(0, min(self._window, self._limit) - len(self._posting))

    def room_for_a_set(self) -> int:
        """Tell how many jobs to claim at once: none until a quarter of the window is free; claims cost by the set."""
        if self.fenced:
            return 0
        free = self.free_slots()
        return free if 4 * free >= min(self._window, self._limit) else 0

    def lease_owner(self) -> UUID | None:
        """Give the id under which a job may be leased now, or None when this process is full, stopping or cut off."""
        return self._process_id if self.free_slots() > 0 else None

    def wake_dispatch(self) -> None:
        """Tell the set-based lane that a job is due."""
        self._wake()

    def take(self, job: LeasedJob) -> None:
        """Start posting a job whose lease has been committed."""
        task = asyncio.get_running_loop().create_task(self._post(job))
        self._posting.add(task)
        task.add_done_callback(self._posting.discard)

    async def _post(self, job: LeasedJob) -> None:
        started: list[datetime] = []

        def starting() -> None:
            if self._clock.monotonic() > job.post_before:
                raise TooLate
            started.append(self._clock.now())

        outcome = await self._send(job, starting)
        self._adapt(outcome)
        self._results.append(
            Posted(job=job, outcome=outcome, started_at=started[0] if started else None, jitter=self._jitter())
        )
        if self._recorder is None or self._recorder.done():
            self._recorder = asyncio.get_running_loop().create_task(self._record())

    async def _send(self, job: LeasedJob, starting: Callable[[], None]) -> Outcome:
        validity = validity_seconds(
            message_class=job.message_class, useful_until=job.useful_until, now=self._clock.now()
        )
        provider = self._providers.get(job.provider)
        if validity <= 0 or self._closed:
            return NotStarted()
        if provider is None:
            return ProviderError(
                f"no credentials for {job.provider}",
                provider=job.provider,
                failure=FailureClass.CHANNEL_BLOCKED,
                permanent=False,
            )
        try:
            return await provider.send_text(
                OutboundText(
                    reference=job.id,
                    sender_e164=job.sender_e164,
                    recipient_e164=job.recipient_e164,
                    body=job.body,
                    validity_seconds=validity,
                    status_callback=self._callback_url(job.provider, job.id),
                    messaging_service=job.messaging_service,
                ),
                starting=starting,
            )
        except TooLate:
            return NotStarted()
        except ProviderError as error:
            return error
        except Exception as error:  # a bug must not lose the job: whether it left is unknown
            log.exception("post_failed_unexpectedly", job_id=str(job.id))
            return ProviderError(
                type(error).__name__,
                provider=job.provider,
                failure=FailureClass.AMBIGUOUS,
                permanent=False,
                ambiguous=True,
            )

    def _adapt(self, outcome: Outcome) -> None:
        if isinstance(outcome, Accepted):
            self._window = min(self._limit, self._window + 1)
        elif isinstance(outcome, ProviderError) and not outcome.permanent:
            self._window = FIRST_WINDOW

    async def _record(self) -> None:
        """Write all results that have gathered, in groups, until none is left."""
        await self._clock.sleep(GROUP_SECONDS)
        while self._results:
            group, self._results = self._results[:GROUP_SIZE], self._results[GROUP_SIZE:]
            await self._record_group(group)

    async def _record_group(self, group: list[Posted]) -> None:
        try:
            await self._system.perform(lambda tx: record_posts(tx, group))
        except Exception as error:
            if len(group) == 1:
                # The lease runs out and the job is looked up at the carrier: nothing is lost, nothing is sent twice.
                log.exception("result_not_recorded", job_id=str(group[0].job.id), error=type(error).__name__)
                return
            for one in group:
                await self._record_group([one])
            return
        self._recorded()

    async def idle(self) -> None:
        """Wait until nothing is being posted and every result is written."""
        while self._posting or self._results or (self._recorder is not None and not self._recorder.done()):
            if self._posting:
                await asyncio.gather(*self._posting, return_exceptions=True)
            if self._recorder is not None and not self._recorder.done():
                await self._recorder
            elif self._results:
                await self._record()

    async def close(self) -> None:
        """Let what is being posted end, write all results, and take nothing more."""
        self._closed = True
        await self.idle()
