"""A whole installation on this machine: database, twin, web and worker, brought up together and taken down in order."""

from __future__ import annotations

import asyncio
import hashlib
import os
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from frontdesk.cli.calling import Caller
from frontdesk.cli.children import Child, Children
from frontdesk.cli.office import home_of
from frontdesk.cli.seeding import Welcome, seed
from frontdesk.features import senders, tenants
from frontdesk.kernel import attendance
from frontdesk.kernel.clock import DatabaseClock
from frontdesk.kernel.db import Database, Role
from frontdesk.kernel.errors import Refused
from frontdesk.kernel.outbox import Handlers, flush_with
from frontdesk.kernel.postgres import EmbeddedPostgres
from frontdesk.kernel.secrets import ensure_secret
from frontdesk.kernel.telemetry import get_logger
from frontdesk.providers.twilio import TwilioAccount
from frontdesk.schema.migrate import migrate

if TYPE_CHECKING:
    from frontdesk.kernel.settings import Settings
    from frontdesk.providers.twin.client import TwinControl

START_SECONDS = 60.0
PACE_SECONDS = 0.02
TWIN_SECONDS = 20.0

log = get_logger("up")


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """What runs, and how to reach it; `twin_url` is empty while real carrier credentials are set."""

    url: str
    home: Path
    database_url: str
    welcome: Welcome
    account: TwilioAccount | None
    twin_url: str
    children: Children
    postgres: EmbeddedPostgres | None

    def pids(self) -> dict[str, int]:
        """List the processes by name: `up` is this one, `postgres` the postmaster."""
        server = self.postgres.pids()[:1] if self.postgres is not None else []
        return {"up": os.getpid(), **({"postgres": server[0]} if server else {}), **self.children.pids()}


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[Installation]:
    """Bring everything up and lend it; on the way out stop worker, web, twin and database, in this order.

    Refuses a port that is taken (`up.port_taken`) and a part that does not come up in time (`up.not_ready`).
    """
    home = home_of(settings)
    home.mkdir(parents=True, exist_ok=True)
    host, port = settings.web.host, _free_port(settings.web.host, settings.web.port)
    url = f"http://{'127.0.0.1' if host == '0.0.0.0' else host}:{port}"  # noqa: S104 - compared only
    async with AsyncExitStack() as stack:
        children = Children()
        account, twin_url = _carrier(settings, home)
        twin_start: asyncio.Task[None] | None = None
        stack.push_async_callback(children.stop)
        if twin_url and account is not None:
            twin = _twin(account, twin_url, home)
            twin_start = asyncio.create_task(children.start(twin))
        postgres = None
        if settings.database.url is None:
            postgres = EmbeddedPostgres(home)
            # Under the children: the database goes last.
            stack.pop_all()
            stack.push_async_callback(postgres.stop)
            stack.push_async_callback(children.stop)
        database_url = (
            await postgres.start() if postgres is not None else _given(settings)
        )
        await migrate(database_url)
        if twin_start is not None:
            await twin_start
        environment = _environment(settings, home, database_url, account, host, port)
        for kind in ("web", "worker"):
            await children.start(_part(kind, environment, home))
        system = await _database(stack, database_url)
        welcome = await seed(system, home)
        if twin_url:
            await _set_up_twin(system, twin_url, settings.web.public_base_url or url)
        await _until_ready(system, url, children)
        yield Installation(
            url=url,
            home=home,
            database_url=database_url,
            welcome=welcome,
            account=account,
            twin_url=twin_url,
            children=children,
            postgres=postgres,
        )


def _given(settings: Settings) -> str:
    if settings.database.url is None:
        raise LookupError("DATABASE_URL")
    return settings.database.url.get_secret_value()


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


def _carrier(settings: Settings, home: Path) -> tuple[TwilioAccount | None, str]:
    """Name the carrier's account: the real one where keys are set, else one of the twin's, kept in the home folder."""
    if settings.twilio.account_sid is not None:
        return None, ""
    token = ensure_secret(home, "twin_auth_token")
    sid = "AC" + hashlib.sha256(b"twin account " + token.encode()).hexdigest()[:32]
    url = f"http://127.0.0.1:{_free_port('127.0.0.1', 0)}"
    return TwilioAccount(account_sid=sid, auth_token=token, api_base_url=url), url


def _twin(account: TwilioAccount, url: str, home: Path) -> Child:
    port = url.rpartition(":")[2]
    return Child(
        name="twin",
        command=[sys.executable, "-m", "frontdesk.providers.twin", "--port", port],
        environment={"TWIN_ACCOUNT_SID": account.account_sid, "TWIN_AUTH_TOKEN": account.auth_token},
        log=home / "log" / "twin.log",
    )


def _part(kind: str, environment: dict[str, str], home: Path) -> Child:
    return Child(
        name=kind,
        command=[sys.executable, "-m", "frontdesk", kind, "--home", str(home)],
        environment=environment,
        log=home / "log" / f"{kind}.log",
    )


def _environment(
    settings: Settings, home: Path, database_url: str, account: TwilioAccount | None, host: str, port: int
) -> dict[str, str]:
    """Tell web and worker where everything is; what the operator has set stays as it is."""
    environment = {
        "DATABASE_URL": database_url,
        "FRONTDESK_HOME": str(home),
        "HOST": host,
        "PORT": str(port),
        "LOG_LEVEL": settings.process.log_level.value,
    }
    if account is not None:
        environment |= {
            "TWILIO_ACCOUNT_SID": account.account_sid,
            "TWILIO_AUTH_TOKEN": account.auth_token,
            "TWILIO_API_BASE_URL": account.api_base_url,
        }
    return environment


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


async def _set_up_twin(system: Database, twin_url: str, our_url: str) -> None:
    """Tell the twin which numbers are ours and where their calls and texts are announced."""
    from frontdesk.providers.twin.client import TwinControl

    async with system.transaction() as tx:
        businesses = await tenants.list_tenants(tx)
    numbers = []
    for business in businesses:
        async with system.transaction(business.id) as tx:
            numbers += await senders.list_numbers(tx)
    async with TwinControl(twin_url) as twin:
        await _until_up(twin)
        for number in numbers:
            await twin.configure_number(
                number.phone_e164,
                voice_url=f"{our_url}/webhooks/twilio/voice",
                sms_url=f"{our_url}/webhooks/twilio/sms",
                status_callback=f"{our_url}/webhooks/twilio/voice/status",
            )


async def _until_up(twin: TwinControl) -> None:
    import aiohttp  # the twin's client speaks through it

    async with asyncio.timeout(TWIN_SECONDS):
        while True:
            try:
                await twin.settings()
                return
            except aiohttp.ClientConnectionError:
                await asyncio.sleep(PACE_SECONDS)


async def _until_ready(system: Database, url: str, children: Children) -> None:
    """Wait until web answers and a worker has signed on; refuses after 60 s, naming what is missing."""
    missing = "web"
    try:
        async with asyncio.timeout(START_SECONDS), Caller(url) as caller:
            while not await caller.answers("/healthz"):
                await asyncio.sleep(PACE_SECONDS)
            missing = "worker"
            while not await _worker_is_here(system):
                await asyncio.sleep(PACE_SECONDS)
    except TimeoutError:
        raise Refused("up.not_ready", f"{missing} does not answer: see {missing}.log in the home folder") from None
    log.debug("up.ready", pids=children.pids())


async def _worker_is_here(system: Database) -> bool:
    async with system.transaction() as tx:
        return any(one.kind == "worker" and one.in_lease for one in await attendance.list_processes(tx))
