"""The parts as a command borrows them: for one task, beside the processes that run, or without any."""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar
from uuid import UUID

from frontdesk.kernel import actor as actors
from frontdesk.kernel.actor import Actor
from frontdesk.kernel.errors import Refused
from frontdesk.kernel.settings import Settings, load_settings

if TYPE_CHECKING:
    from frontdesk.kernel.db import Tx
    from frontdesk.providers.twilio import TwilioAccount
    from frontdesk.wiring import Frontdesk
    from frontdesk.wiring.notices import Change

Result = TypeVar("Result")


def read_settings(home: Path | None) -> Settings:
    """Read the settings of this installation; all faults at once (`SettingsFaulty`)."""
    return load_settings(os.environ, home.expanduser().resolve() if home is not None else None)


def twin_account(home: Path, *, api_base_url: str) -> TwilioAccount:
    """Give the account under which we use the twin; its secret is generated once per home folder."""
    from frontdesk.kernel.secrets import ensure_secret
    from frontdesk.providers.twilio import TwilioAccount

    token = ensure_secret(home, "twin_auth_token")
    sid = "AC" + hashlib.sha256(b"twin account " + token.encode()).hexdigest()[:32]
    return TwilioAccount(account_sid=sid, auth_token=token, api_base_url=api_base_url)


@asynccontextmanager
async def open_database(settings: Settings) -> AsyncIterator[str]:
    """Lend the address of the database: DATABASE_URL, else the embedded one, started for the time if it is not up."""
    if settings.database.url is not None:
        yield settings.database.url.get_secret_value()
        return
    from frontdesk.kernel.postgres import EmbeddedPostgres

    server = EmbeddedPostgres(settings.home)
    try:
        yield await server.start()
    finally:
        await server.stop()


@asynccontextmanager
async def open_office(home: Path | None) -> AsyncIterator[Frontdesk]:
    """Lend all parts to a command; refuses a database that is not migrated (`cli.not_migrated`)."""
    from frontdesk.kernel.telemetry import configure_logging
    from frontdesk.schema.migrate import current_revision
    from frontdesk.wiring import assemble

    settings = read_settings(home)
    configure_logging(level="WARNING", secrets=settings.secret_values())
    async with AsyncExitStack() as stack:
        database_url = await stack.enter_async_context(open_database(settings))
        if await current_revision(database_url) is None:
            raise Refused("cli.not_migrated", "this database is empty: run `frontdesk migrate` or `frontdesk up` first")
        yield await assemble(
            stack,
            settings=settings,
            database_url=database_url,
            kind="cli",
            public_base_url=settings.base_url,
            home=settings.home,
        )


def run(work: Callable[[], Awaitable[Result]], *, log_level: str = "WARNING") -> Result:
    """Run a command's work on an event loop of its own."""
    from frontdesk.kernel.telemetry import configure_logging

    configure_logging(level=log_level)  # what a command has to say goes to standard output, and only that

    async def go() -> Result:
        return await work()

    return asyncio.run(go())


def with_office(home: Path | None, work: Callable[[Frontdesk], Awaitable[Result]]) -> Result:
    """Run `work` with all parts at hand."""

    async def go() -> Result:
        async with open_office(home) as parts:
            return await work(parts)

    return run(go)


async def find_tenant_id(parts: Frontdesk, slug: str) -> UUID:
    """Find a business by its short name or id; refuses `tenants.not_found` with the names there are."""
    from frontdesk.features import tenants

    async with parts.system.transaction() as tx:
        known = await tenants.list_tenants(tx)
    for tenant in known:
        if slug in {tenant.slug, str(tenant.id)}:
            return tenant.id
    names = ", ".join(tenant.slug for tenant in known) or "none"
    raise Refused("tenants.not_found", f"no business is called {slug}; there are: {names}", status=404)


def actor() -> Actor:
    """Name whoever runs the command wherever it is written down who did something."""
    import getpass

    try:
        return actors.system(f"cli/{getpass.getuser()}")
    except (KeyError, OSError, ValueError):
        return actors.system(f"cli/{os.getuid()}")


async def tell_of(parts: Frontdesk, tx: Tx, change: Change, *, email: str) -> None:
    """Have a person told by letter of a change that was made for them here, where a mail server is set up."""
    from frontdesk.wiring.letters import OutTray
    from frontdesk.wiring.mail import find_postman
    from frontdesk.wiring.notices import write_notice

    if find_postman(parts.settings) is not None:
        where = "the command line of the machine that Frontdesk runs on"
        letter = write_notice(change, email=email, at=tx.now, where=where, base_url=parts.public_base_url)
        await OutTray(parts.settings.signing_keys()).lay_down(tx, letter)
