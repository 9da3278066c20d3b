"""A whole installation on this machine: database, twin, web and worker, brought up together and taken down in order."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from frontdesk.cli.auditing import open_book
from frontdesk.cli.calling import Caller
from frontdesk.cli.office import twin_account
from frontdesk.cli.seeding import Welcome, found_bare, seed
from frontdesk.cli.twin_keys import (
    CalendarAppKeys,
    StripeKeys,
    TelnyxKeys,
    twin_calendar_keys,
    twin_stripe_keys,
    twin_telnyx_keys,
)
from frontdesk.features import senders, tenants
from frontdesk.kernel import attendance
from frontdesk.kernel.clock import DatabaseClock
from frontdesk.kernel.db import UNAVAILABLE, Database, Role
from frontdesk.kernel.errors import Refused
from frontdesk.kernel.outbox import Handlers, flush_with
from frontdesk.kernel.postgres import EmbeddedPostgres
from frontdesk.kernel.secrets import ensure_secret
from frontdesk.kernel.supervision import Child, GaveUp, Supervisor
from frontdesk.kernel.telemetry import get_logger
from frontdesk.kernel.telemetry.log_files import LogLimits, tended
from frontdesk.operations.backups.keeping import require_data, shelf_of
from frontdesk.operations.backups.streaming import kept
from frontdesk.providers.http import HttpFailure
from frontdesk.providers.twilio import TwilioAccount
from frontdesk.schema.migrate import migrate

if TYPE_CHECKING:
    from frontdesk.kernel.audit import AnchorBook
    from frontdesk.kernel.settings import Settings

START_SECONDS = 60.0
ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - where to knock when we listen everywhere


@dataclass(frozen=True, slots=True, kw_only=True)
class Twin:
    """The pretended world: where it is, the secret of its control API, and the keys of its companies.

    `stripe` is None where the operator has set a real payment company, `calendars` where a real Google or Jobber.
    """

    url: str
    control_token: str = field(repr=False)
    telnyx: TelnyxKeys
    stripe: StripeKeys | None
    calendars: CalendarAppKeys | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """What runs, and how to reach it; `twin` is None while real carrier credentials are set.

    `ended` is done, with its reason, as soon as the programs cannot be kept up any longer.
    """

    url: str
    home: Path
    database_url: str = field(repr=False)
    welcome: Welcome = field(repr=False)
    account: TwilioAccount | None
    twin: Twin | None
    supervisor: Supervisor
    postgres: EmbeddedPostgres | None
    ended: asyncio.Task[None]

    def pids(self) -> dict[str, int]:
        """List the processes by name: `up` is this one, `postgres` the postmaster."""
        server = self.postgres.pids()[:1] if self.postgres is not None else []
        return {"up": os.getpid(), **({"postgres": server[0]} if server else {}), **self.supervisor.pids()}


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[Installation]:
    """Bring everything up and lend it; on the way out stop worker, web, twin and database, in this order.

    Refuses a port that is taken (`up.port_taken`), a data directory that is gone while backups of it are there
    (`up.data_missing`), and a part that does not come up in 60 s (`up.not_ready`).
    """
    home = settings.home
    home.mkdir(parents=True, exist_ok=True)
    host, port = settings.web.host, _free_port(settings.web.host, settings.web.port)
    url = f"http://{_in_url(ANYWHERE.get(host, host))}:{port}"
    account, twin = _carrier(settings, home)
    async with AsyncExitStack() as stack:
        require_data(settings)
        postgres = EmbeddedPostgres(home) if settings.database.url is None else None
        if postgres is not None:
            stack.push_async_callback(postgres.stop)
            database_url = await postgres.start()
        else:
            database_url = settings.database.url.get_secret_value() if settings.database.url is not None else ""
        await migrate(database_url)
        system = await _database(stack, database_url)
        if postgres is not None and settings.backups.stream_wal:
            shelf, log_folder = shelf_of(settings), home / "log"
            await stack.enter_async_context(kept(database_url, system=system, shelf=shelf, log_folder=log_folder))
        await stack.enter_async_context(anchored(system, open_book(home)))
        if settings.entry.demo_businesses:
            welcome = await seed(system, home)
        else:
            welcome = await found_bare(system, home, keys=settings.signing_keys())
        environment = {
            "DATABASE_URL": database_url,
            "FRONTDESK_HOME": str(home),
            "HOST": host,
            "PORT": str(port),
            **_carrier_environment(account, twin),
        }
        children = [
            _part("web", environment, home, ready=_answers(url), halted=_is_silent(system, "web")),
            _part("worker", environment, home, ready=_works(system, "worker"), halted=_is_silent(system, "worker")),
        ]
        if account is not None and twin is not None:
            ours = settings.web.public_base_url or url
            children.insert(0, _twin_child(account, twin, ours, ready=lambda: _set_up_twin(system, twin, ours)))
        await stack.enter_async_context(tended(home / "log", _log_limits(settings), clock=system.clock))
        supervisor = Supervisor(children, log_folder=home / "log")
        ended = await _supervise(stack, supervisor)
        await _until_ready(supervisor, ended, children, home)
        yield Installation(
            url=url,
            home=home,
            database_url=database_url,
            welcome=welcome,
            account=account,
            twin=twin,
            supervisor=supervisor,
            postgres=postgres,
            ended=ended,
        )


def _log_limits(settings: Settings) -> LogLimits:
    files = settings.log_files
    return LogLimits(largest_bytes=files.max_mb * 2**20, keep=timedelta(days=files.retention_days))


def _in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _free_port(host: str, port: int) -> int:
    """Take `port` if it is free, or any free one for 0; refuses one that is taken."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise Refused(
                "up.port_taken", f"port {port} on {host} cannot be used ({error.strerror}): try `--port 0`"
            ) from error
        return int(probe.getsockname()[1])


def _carrier(settings: Settings, home: Path) -> tuple[TwilioAccount | None, Twin | None]:
    """Name the twin's account, whose secrets are kept in the home folder; none where real keys are set."""
    if settings.twilio.account_sid is not None or settings.telnyx.api_key is not None:
        return None, None
    url = f"http://127.0.0.1:{_free_port('127.0.0.1', 0)}"
    twin = Twin(
        url=url,
        control_token=ensure_secret(home, "twin_control_token"),
        telnyx=twin_telnyx_keys(home),
        stripe=twin_stripe_keys(home) if settings.stripe.secret_key is None else None,
        calendars=twin_calendar_keys(home) if _has_no_calendars(settings) else None,
    )
    return twin_account(home, api_base_url=url), twin


def _has_no_calendars(settings: Settings) -> bool:
    google, jobber = settings.google, settings.jobber
    return google.client_id is None and jobber.client_id is None and jobber.api_token is None


def _carrier_environment(account: TwilioAccount | None, twin: Twin | None) -> dict[str, str]:
    """Tell web and worker who the carrier is; credentials that the operator has set stay as they are."""
    if account is None or twin is None:
        return {}
    return {
        "TWILIO_ACCOUNT_SID": account.account_sid,
        "TWILIO_AUTH_TOKEN": account.auth_token,
        "TWILIO_API_BASE_URL": account.api_base_url,
        "TWIN_CONTROL_TOKEN": twin.control_token,
        **twin.telnyx.for_programs(twin.url),
        **({} if twin.stripe is None else twin.stripe.for_programs(twin.url)),
        **({} if twin.calendars is None else twin.calendars.for_programs(twin.url)),
    }


def _twin_child(account: TwilioAccount, twin: Twin, ours: str, *, ready: Callable[[], Awaitable[bool]]) -> Child:
    return Child(
        "twin",
        ("--port", twin.url.rpartition(":")[2]),
        module="frontdesk.providers.twin",
        environment={
            "TWIN_ACCOUNT_SID": account.account_sid,
            "TWIN_AUTH_TOKEN": account.auth_token,
            "TWIN_CONTROL_TOKEN": twin.control_token,
            **twin.telnyx.for_twin(),
            **({} if twin.stripe is None else twin.stripe.for_twin(f"{ours}/webhooks/stripe")),
            **({} if twin.calendars is None else twin.calendars.for_twin()),
        },
        ready=ready,
    )


def _part(
    kind: str,
    environment: dict[str, str],
    home: Path,
    *,
    ready: Callable[[], Awaitable[bool]],
    halted: Callable[[], Awaitable[bool]],
) -> Child:
    arguments = ("--home", str(home))
    return Child(kind, arguments, f"frontdesk.{kind}", environment, ready=ready, halted=halted)


async def _database(stack: AsyncExitStack, url: str) -> Database:
    system = await Database.open(
        url,
        role=Role.SYSTEM,
        clock=DatabaseClock(),
        flush=flush_with(Handlers([])),
        max_size=2,
        application_name="frontdesk-up",
    )
    stack.push_async_callback(system.close)
    return system


@asynccontextmanager
async def anchored(system: Database, book: AnchorBook, *, every: timedelta = timedelta(days=1)) -> AsyncIterator[None]:
    """Note the heads of the audit chains outside the database now, daily, and at the end when nothing writes any more.

    A disk or database that does not take part is logged and hinders nothing.
    """

    async def note() -> None:
        try:
            async with system.transaction() as tx:
                await book.note_heads(tx)
        except (*UNAVAILABLE, Refused) as error:
            get_logger("audit").error("audit.heads_not_noted", error=error)

    async def keep() -> None:
        while True:
            await note()
            await asyncio.sleep(every.total_seconds())

    keeping = asyncio.create_task(keep())
    try:
        yield
    finally:
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)
        await note()


async def _supervise(stack: AsyncExitStack, supervisor: Supervisor) -> asyncio.Task[None]:
    """Let the supervisor work until the stack is taken apart."""
    stop = asyncio.Event()
    ended = asyncio.create_task(supervisor.run(stop), name="supervisor")

    async def drain() -> None:
        stop.set()
        await asyncio.gather(ended, return_exceptions=True)

    stack.push_async_callback(drain)
    return ended


def _answers(url: str) -> Callable[[], Awaitable[bool]]:
    async def ask() -> bool:
        async with Caller(url, connections=1) as caller:
            return await caller.answers("/healthz")

    return ask


def _works(system: Database, kind: str) -> Callable[[], Awaitable[bool]]:
    async def look() -> bool:
        return await _shows_life(system, kind) is True

    return look


def _is_silent(system: Database, kind: str) -> Callable[[], Awaitable[bool]]:
    async def look() -> bool:
        return await _shows_life(system, kind) is False

    return look


async def _shows_life(system: Database, kind: str) -> bool | None:
    """Tell whether a process of `kind` has renewed its lease; None while the database cannot be asked."""
    try:
        async with system.transaction() as tx:
            return any(one.kind == kind and one.in_lease for one in await attendance.list_processes(tx))
    except UNAVAILABLE:
        return None


async def _set_up_twin(system: Database, twin: Twin, our_url: str) -> bool:
    """Tell the twin which numbers are ours and where their calls and texts are announced; False while it is silent."""
    from frontdesk.providers.twin.client import TwinControl

    try:
        async with Caller(twin.url, connections=1) as knock:
            await knock.get("/_twin/health")
        numbers = await _list_numbers(system)
        async with TwinControl(twin.url, token=twin.control_token) as control:
            for number in numbers:
                await control.configure_number(
                    number.phone_e164,
                    provider=number.provider,
                    voice_url=f"{our_url}/webhooks/twilio/voice",
                    sms_url=f"{our_url}/webhooks/{number.provider}/sms",
                    status_callback=f"{our_url}/webhooks/twilio/voice/status",
                )
    except (*UNAVAILABLE, HttpFailure):
        return False
    return True


async def _list_numbers(system: Database) -> list[senders.SendingNumber]:
    async with system.transaction() as tx:
        businesses = await tenants.list_tenants(tx)
    found: list[senders.SendingNumber] = []
    for business in businesses:
        async with system.transaction(business.id) as tx:
            found += await senders.list_numbers(tx)
    return found


async def _until_ready(supervisor: Supervisor, ended: asyncio.Task[None], children: list[Child], home: Path) -> None:
    """Wait until every program answers; refuses after 60 s, or at once when one cannot be kept up."""
    ready = asyncio.create_task(supervisor.ready.wait())
    try:
        await asyncio.wait({ready, ended}, timeout=START_SECONDS, return_when=asyncio.FIRST_COMPLETED)
    finally:
        ready.cancel()
    if ended.done():
        failure = ended.exception()
        said = _last_line(home / "log" / f"{failure.name}.log") if isinstance(failure, GaveUp) else ""
        raise Refused("up.not_ready", f"{failure}; it said: {said or 'nothing'} (logs are in {home / 'log'})")
    if not supervisor.ready.is_set():
        names = ", ".join(child.name for child in children)
        raise Refused("up.not_ready", f"one of {names} does not answer: see the logs in {home / 'log'}")


def _last_line(log: Path) -> str:
    try:
        lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    except FileNotFoundError:
        return ""
    return lines[-1][:500] if lines else ""
