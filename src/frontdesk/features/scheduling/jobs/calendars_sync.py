"""Keeps calendars in step: reads what changed, writes what is due, opens channels, and notices when they are silent."""

from __future__ import annotations

import asyncio
import random
import secrets
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import uuid4

from frontdesk.features.scheduling.model.calendars import (
    CHANNEL_LASTS,
    CHANNEL_RETRY,
    MOST_NAMED,
    CalendarCompany,
    CalendarUse,
    EntryDue,
    Lease,
    pause_after,
)
from frontdesk.features.scheduling.queries import calendars as calendar_queries
from frontdesk.features.scheduling.queries import calendars_accounts as accounts
from frontdesk.features.scheduling.queries import calendars_entries as entries
from frontdesk.features.scheduling.service.calendars import LeaseLost, hash_secret, note_revoked, take_in_look
from frontdesk.features.scheduling.service.calendars_logins import open_leased, seal_leased
from frontdesk.kernel.clock import Clock
from frontdesk.kernel.db import Database, Transaction
from frontdesk.kernel.sealing import SealBroken, Vault
from frontdesk.kernel.telemetry import get_logger
from frontdesk.ports.calendars import (
    AccessRevoked,
    Busy,
    BusyQuery,
    CalendarProvider,
    Channel,
    ChannelOrder,
    Login,
    OutgoingEvent,
    WrittenEvent,
)
from frontdesk.ports.errors import ProviderError

AT_ONCE = 32  # accounts that one worker asks at a time
LEASE = timedelta(minutes=3)
ENTRIES_AT_ONCE = 50
UNAUTHORIZED = 401
UTC_NAME = "UTC"
CLOSE_SECONDS = 5.0

log = get_logger("calendars")


class CalendarSync:
    """Asks accounts whose turn it is, each in the hands of one worker at a time.

    `pauses` is how long an account is left alone after a look; `push_url` is where channels reach us, empty where the
    world cannot.
    """

    def __init__(
        self,
        *,
        system: Database,
        app: Database,
        providers: Mapping[CalendarCompany, CalendarProvider],
        vault: Vault,
        clock: Clock,
        pauses: Mapping[CalendarCompany, timedelta],
        push_url: str = "",
        chance: random.Random | None = None,
    ) -> None:
        self._system = system
        self._app = app
        self._providers = providers
        self._vault = vault
        self._clock = clock
        self._pauses = pauses
        self._push_url = push_url
        self._chance = chance or random.Random()  # noqa: S311 - jitter
        self._under_way: set[asyncio.Task[None]] = set()

    async def begin(self) -> int:
        """Begin to ask whoever is due, each by itself: a slow one holds up nobody. Returns how many those are."""
        free = AT_ONCE - len(self._under_way)
        if free <= 0:
            return 0
        async with self._system.transaction() as tx:
            leases = await accounts.claim_due(tx, limit=free, lasting=LEASE)
        for lease in leases:
            task = asyncio.create_task(self._serve(lease), name=f"calendars {lease.connection_id}")
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)
        return len(leases)

    async def turn(self) -> int:
        """Ask whoever is due, and wait until all have answered; returns how many those were."""
        begun = await self.begin()
        if self._under_way:
            await asyncio.wait(self._under_way)
        return begun

    async def close(self) -> None:
        """Give those under way 5 s; whoever has not answered then is asked again when the lease has run out."""
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=CLOSE_SECONDS)
        for task in self._under_way:
            task.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)

    async def _serve(self, lease: Lease) -> None:
        """Ask one account; whatever goes wrong is written down with it and stops no other."""
        provider = self._providers.get(lease.provider)
        try:
            if provider is None:
                await self._finish(lease, error="not configured here", permanent=False)
                return
            login = await self._open(lease, provider)
            try:
                failed = await self._work(lease, provider, login)
            except AccessRevoked as gone:
                if gone.http_status != UNAUTHORIZED or not login.refresh_token:
                    raise
                # The token may have been ended early; only if a new one does not help either, the access is gone.
                login = await self._renew(lease, provider, replace(login, expires_at=None))
                failed = await self._work(lease, provider, login)
            await self._finish(lease, error=failed, permanent=False)
        except AccessRevoked as gone:
            await self._lose(lease, str(gone))
        except SealBroken:
            await self._lose(lease, "the login was sealed with another SECRET_KEY")
        except ProviderError as error:
            await self._finish(lease, error=str(error), permanent=error.permanent, retry_after=error.retry_after)
        except LeaseLost:
            log.info("calendars.lease_lost", connection_id=str(lease.connection_id))
        except Exception as error:
            log.exception("calendars.sync_failed", connection_id=str(lease.connection_id))
            await self._finish(lease, error=type(error).__name__, permanent=False)

    async def _open(self, lease: Lease, provider: CalendarProvider) -> Login:
        login, current = open_leased(self._vault, lease)
        renewed = await provider.refresh(login, now=self._clock.now())
        if renewed != login or not current:
            await self._keep_login(lease, renewed)
        return renewed

    async def _renew(self, lease: Lease, provider: CalendarProvider, login: Login) -> Login:
        renewed = await provider.refresh(login, now=self._clock.now())
        await self._keep_login(lease, renewed)
        return renewed

    async def _keep_login(self, lease: Lease, login: Login) -> None:
        async with self._app.transaction(lease.tenant_id) as tx:
            if not await accounts.replace_login(tx, lease, sealed_login=seal_leased(self._vault, lease, login)):
                raise LeaseLost

    async def _work(self, lease: Lease, provider: CalendarProvider, login: Login) -> str:
        """Write what is due, then read; returns what could not be written, empty if all was."""
        async with self._app.transaction(lease.tenant_id) as tx:
            used = [
                one
                for one in await calendar_queries.list_calendars(tx, connection_id=lease.connection_id)
                if one.is_used
            ]
            for one in used:
                if one.writes:
                    await entries.put_entries(tx, calendar=one)
            due = await entries.list_due_entries(tx, connection_id=lease.connection_id, limit=ENTRIES_AT_ONCE)
            days = await calendar_queries.find_horizon(tx) or 0
        failed = ""
        for entry in due:
            failed = await self._write(lease, provider, login, entry) or failed
        for one in used:
            if one.blocks:
                failed = await self._read(lease, provider, login, one, horizon=timedelta(days=days + 2)) or failed
        return failed

    async def _read(
        self, lease: Lease, provider: CalendarProvider, login: Login, calendar: CalendarUse, *, horizon: timedelta
    ) -> str:
        """Read one calendar; one that is refused, because it was deleted there, keeps no other waiting."""
        try:
            await self._look(lease, provider, login, calendar, horizon=horizon)
            await self._mind_channel(lease, provider, login, calendar)
        except AccessRevoked:
            raise
        except ProviderError as error:
            if not error.permanent:
                raise
            return f"{calendar.name}: {error}"
        return ""

    async def _write(self, lease: Lease, provider: CalendarProvider, login: Login, entry: EntryDue) -> str:
        """Write one appointment, or take it out; returns what was wrong if it is refused, raises what passes."""
        calendar_id = entry.provider_calendar_id
        try:
            if entry.stands:
                written = await provider.put_event(login, calendar_id, _event_of(entry), etag=entry.etag)
            else:
                await provider.delete_event(login, calendar_id, entry.uid)
                written = WrittenEvent("")
        except AccessRevoked:
            raise
        except ProviderError as error:
            pause = pause_after(
                entry.attempts, retry_after=error.retry_after, permanent=error.permanent, chance=self._chance
            )
            async with self._app.transaction(lease.tenant_id) as tx:
                named = str(error)[:MOST_NAMED]
                await entries.postpone_entry(tx, entry, due_at=tx.now + pause, error=named)
            if not error.permanent:
                raise
            return str(error)
        async with self._app.transaction(lease.tenant_id) as tx:
            await entries.settle_entry(tx, entry, etag=written.etag)
        return ""

    async def _look(
        self, lease: Lease, provider: CalendarProvider, login: Login, calendar: CalendarUse, *, horizon: timedelta
    ) -> None:
        """Ask what changed, and read the busy times again if anything did."""
        now = self._clock.now()
        changes = await provider.list_changes(login, calendar.provider_calendar_id, calendar.sync_token)
        window: tuple[datetime, datetime] | None = None
        busy: list[Busy] = []
        if changes.changed or calendar.needs_refresh(now=now, horizon=horizon):
            window = calendar.window(now=now, horizon=horizon)
            query = BusyQuery(
                starts_at=window[0],
                ends_at=window[1],
                zone=await self._zone_of(calendar),
                without_ours=calendar.writable,
            )
            busy = await provider.list_busy(login, calendar.provider_calendar_id, query)
        unannounced = changes.changed and not changes.restarted and calendar.news == calendar.news_seen
        silent = provider.has_channels and calendar.channel_id is not None and bool(calendar.sync_token) and unannounced
        if changes.restarted:
            log.info("calendars.sync_token_forgotten", calendar_id=str(calendar.id), provider=provider.name)

        async def take_in(tx: Transaction) -> int:
            return await take_in_look(tx, lease, calendar, changes, window=window, busy=busy, silent=silent)

        collided = await self._app.perform(take_in, tenant_id=lease.tenant_id)
        if collided:
            log.warning("calendars.bookings_collided", calendar_id=str(calendar.id), count=collided)

    async def _zone_of(self, calendar: CalendarUse) -> str:
        if calendar.zone or calendar.resource_id is None:
            return calendar.zone or UTC_NAME
        async with self._app.transaction(calendar.tenant_id) as tx:
            return await calendar_queries.find_zone(tx, resource_id=calendar.resource_id) or UTC_NAME

    async def _mind_channel(
        self, lease: Lease, provider: CalendarProvider, login: Login, calendar: CalendarUse
    ) -> None:
        """Open a channel where there is none that speaks; that it cannot be opened is no harm, only slower."""
        if not provider.has_channels or not self._push_url or not calendar.needs_channel(now=self._clock.now()):
            return
        if calendar.channel_silent_at is not None:
            log.warning("calendars.channel_silent", calendar_id=str(calendar.id), provider=provider.name)
        secret = secrets.token_urlsafe(32)
        order = ChannelOrder(
            id=str(uuid4()), token=secret, url=self._push_url, lasts_seconds=int(CHANNEL_LASTS.total_seconds())
        )
        try:
            opened = await provider.watch(login, calendar.provider_calendar_id, order)
        except AccessRevoked:
            raise
        except ProviderError as error:
            log.warning("calendars.channel_not_opened", calendar_id=str(calendar.id), error=str(error))
            async with self._app.transaction(lease.tenant_id) as tx:
                await calendar_queries.postpone_channel(tx, calendar_id=calendar.id, until=tx.now + CHANNEL_RETRY)
            return
        async with self._app.transaction(lease.tenant_id) as tx:
            if not await accounts.hold_lease(tx, lease):
                raise LeaseLost
            await calendar_queries.put_channel(
                tx, calendar_id=calendar.id, channel=opened, secret_hash=hash_secret(secret)
            )
        await self._close_old(provider, login, calendar)

    async def _close_old(self, provider: CalendarProvider, login: Login, calendar: CalendarUse) -> None:
        if calendar.channel_id is None or calendar.channel_expires_at is None:
            return
        old = Channel(
            id=str(calendar.channel_id),
            resource_id=calendar.provider_resource_id,
            expires_at=calendar.channel_expires_at,
        )
        try:
            await provider.stop_watching(login, old)
        except ProviderError as error:
            log.info("calendars.old_channel_left", calendar_id=str(calendar.id), error=str(error))

    async def _finish(self, lease: Lease, *, error: str, permanent: bool, retry_after: float | None = None) -> None:
        """Give the account back, due again after its pause, or later and later while it fails."""
        async with self._app.transaction(lease.tenant_id) as tx:
            pause = self._pauses[lease.provider]
            if error:
                waits = pause_after(lease.failures, retry_after=retry_after, permanent=permanent, chance=self._chance)
                # Writes that are refused keep no reading waiting.
                pause = min(waits, pause) if retry_after is None else waits
                log.warning("calendars.account_failed", provider=lease.provider.value, error=error[:MOST_NAMED])
            due_at = tx.now + pause
            next_entry = None if error else await entries.find_next_due(tx, connection_id=lease.connection_id)
            if next_entry is not None:
                due_at = min(due_at, next_entry)
            await accounts.finish_lease(tx, lease, error=error[:MOST_NAMED], due_at=due_at)

    async def _lose(self, lease: Lease, because: str) -> None:
        async with self._app.transaction(lease.tenant_id) as tx:
            if not await accounts.hold_lease(tx, lease):
                return
            if await note_revoked(tx, connection_id=lease.connection_id, because=because[:MOST_NAMED]):
                log.error("calendars.access_lost", provider=lease.provider.value, because=because[:MOST_NAMED])


def _event_of(entry: EntryDue) -> OutgoingEvent:
    return OutgoingEvent(
        uid=entry.uid,
        title=entry.title,
        starts_at=entry.starts_at,
        ends_at=entry.ends_at,
        description=entry.note,
        revision=entry.revision,
    )
