"""A whole web process with people who can log in: real database, real HTTP, the twin as carrier."""

from __future__ import annotations

import asyncio
import secrets
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx2

from frontdesk.features import senders, tenants
from frontdesk.kernel import auth
from frontdesk.kernel.auth import Role, Scope
from frontdesk.kernel.auth.model import PasswordHash
from frontdesk.kernel.clock import DatabaseClock
from frontdesk.kernel.paging import Page
from frontdesk.kernel.settings import load_settings
from frontdesk.providers.twin import TwinConfig, TwinControl, TwinServer
from frontdesk.web.server import serve
from frontdesk.wiring import Frontdesk, assemble
from tests.support.actors import TEST_ACTS
from tests.support.letters import carrying_letters
from tests.support.office import ACCOUNT, ADAS_NUMBER, MALLORYS_NUMBER, TOKEN, business
from tests.support.settling import settle

NO_HURRY = {"API_CALLER_UNITS_PER_MINUTE": "0", "API_BUSINESS_UNITS_PER_MINUTE": "0"}
PASSWORD = "plum-anchor-violet-kettle"
ADA, BEN, MALLORY, OLIVE, ADMIN = (f"{name}@example.com" for name in ("ada", "ben", "mallory", "olive", "root"))

# Made once and not for every house: each takes tens of milliseconds.
NO_CERTIFICATES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # a house is spoken to without TLS
_hashes: dict[str, PasswordHash] = {}
_pages: set[type[Page[Any]]] = set()


@dataclass
class House:
    """What a test of the web works with; `ada` and `mallory` are businesses, people are their e-mail addresses."""

    parts: Frontdesk
    url: str
    twin: TwinControl
    ada: tenants.Tenant
    mallory: tenants.Tenant
    stop: asyncio.Event
    _clients: list[httpx2.AsyncClient] = field(default_factory=list)

    def client(self, **headers: str) -> httpx2.AsyncClient:
        """Make a client without any login."""
        client = httpx2.AsyncClient(base_url=self.url, headers=headers, timeout=20, verify=NO_CERTIFICATES)
        self._clients.append(client)
        return client

    async def as_person(self, email: str) -> httpx2.AsyncClient:
        """Make a client that is logged in and repeats its session's token, as our pages do."""
        client = self.client()
        answer = await client.post("/api/auth/login", json={"email": email, "password": PASSWORD})
        assert answer.status_code == 200, answer.text
        client.headers["X-CSRF-Token"] = answer.json()["csrf_token"]
        return client

    async def as_program(self, *scopes: Scope, tenant_id: UUID | None = None) -> httpx2.AsyncClient:
        """Make a client with a token of these scopes, of a business or (none named) of the platform."""
        async with self.parts.system.transaction(tenant_id) as tx:
            issued = await auth.create_token(
                tx,
                name="a program",
                scopes=frozenset(scopes),
                grantable=frozenset(Scope),
                expires_at=tx.now + timedelta(days=1),
                actor=TEST_ACTS,
            )
        return self.client(Authorization=f"Bearer {issued.secret}")

    async def missed_call(self, caller: str = "+12065550123") -> None:
        """Let a customer call Ada's business and not be answered, until every callback was answered."""
        await self.twin.place_call(caller=caller, to=ADAS_NUMBER)
        await self.twin.wait_until_idle()

    async def eventually(self, question: Callable[[], Awaitable[bool]], *, seconds: float = 10) -> None:
        """Wait until an answer is yes; fails after `seconds`."""
        async with asyncio.timeout(seconds):
            while not await question():
                await asyncio.sleep(0.01)

    async def settle(self) -> None:
        """Run the worker's loops until nothing is due."""
        await settle(self.parts)

    async def close_clients(self) -> None:
        """Close every client that was made."""
        for client in self._clients:
            await client.aclose()


@asynccontextmanager
async def open_house(
    database_url: str,
    home: Path,
    *,
    environ: dict[str, str] | None = None,
    port: int = 0,
    clock: DatabaseClock | None = None,
    empty: bool = False,
) -> AsyncIterator[House]:
    """Open the house: two businesses, their people, their numbers at the twin, the web process listening.

    An `empty` one has nobody and nothing in its database yet.
    """
    async with AsyncExitStack() as stack:
        twin_server = TwinServer(TwinConfig(account_sid=ACCOUNT, auth_token=TOKEN))
        await stack.enter_async_context(twin_server)
        port = port or _free_port()
        url = f"http://127.0.0.1:{port}"
        settings = load_settings(
            {
                "TWILIO_ACCOUNT_SID": ACCOUNT,
                "TWILIO_AUTH_TOKEN": TOKEN,
                "TWILIO_API_BASE_URL": twin_server.url,
                **NO_HURRY,
                "EMBEDDER": "none",
                **(environ or {}),
            },
            home,
        )
        public = str(settings.web.public_base_url or url)
        parts = await assemble(
            stack,
            settings=settings,
            database_url=database_url,
            kind="web",
            public_base_url=public,
            home=home,
            clock=clock,
        )
        ada = business(name="Harbor Plumbing", slug="harbor")
        mallory = replace(business(name="Mesa Dental", slug="mesa"), forwarding_e164="+16025550199")
        if not empty:
            await _add_businesses(parts, ada, mallory)
            await _add_people(parts, ada, mallory)
        stop, ready = asyncio.Event(), asyncio.Event()
        serving = asyncio.create_task(
            serve(parts, host="127.0.0.1", port=port, stop=stop, ready=lambda _url: ready.set())
        )
        await asyncio.wait([serving, asyncio.create_task(ready.wait())], return_when=asyncio.FIRST_COMPLETED)
        _pages.update(Page.__subclasses__())
        await stack.enter_async_context(carrying_letters(parts, database_url))
        twin = await stack.enter_async_context(TwinControl(twin_server.url))
        for number in () if empty else (ADAS_NUMBER, MALLORYS_NUMBER):
            await twin.configure_number(
                number,
                voice_url=f"{url}/webhooks/twilio/voice",
                sms_url=f"{url}/webhooks/twilio/sms",
                status_callback=f"{url}/webhooks/twilio/voice/status",
            )
        house = House(parts=parts, url=url, twin=twin, ada=ada, mallory=mallory, stop=stop)
        try:
            yield house
        finally:
            await house.close_clients()
            stop.set()
            await serving


def _free_port() -> int:
    """Find a port below those that the system gives to connections by itself, so that none takes it meanwhile."""
    while True:
        port = 12_000 + secrets.randbelow(20_000)
        with socket.socket() as looking, suppress(OSError):
            looking.bind(("127.0.0.1", port))
            return port


async def _add_businesses(parts: Frontdesk, ada: tenants.Tenant, mallory: tenants.Tenant) -> None:
    for tenant, number in ((ada, ADAS_NUMBER), (mallory, MALLORYS_NUMBER)):
        async with parts.system.transaction(tenant.id) as tx:
            await tenants.create_tenant(tx, tenant, by=TEST_ACTS)
            await senders.add_number(tx, phone_e164=number, provider="twilio")


async def _add_people(parts: Frontdesk, ada: tenants.Tenant, mallory: tenants.Tenant) -> None:
    """Add Ada (owner), Ben (agent), Olive (auditor), Mallory (owner elsewhere) and whoever runs the platform."""
    if PASSWORD not in _hashes:
        _hashes[PASSWORD] = await auth.Passwords().hash(PASSWORD)
    password_hash = _hashes[PASSWORD]
    roles = {ADA: (ada, Role.OWNER), BEN: (ada, Role.AGENT), OLIVE: (ada, Role.AUDITOR), MALLORY: (mallory, Role.OWNER)}
    for email in (*roles, ADMIN):
        async with parts.system.transaction() as tx:
            user = await auth.create_user(
                tx,
                email=email,
                name=email.partition("@")[0].title(),
                password_hash=password_hash,
                actor=TEST_ACTS,
                platform_admin=email == ADMIN,
            )
        if email in roles:
            tenant, role = roles[email]
            async with parts.system.transaction(tenant.id) as tx:
                await auth.put_member(tx, user_id=user.id, role=role, actor=TEST_ACTS)
