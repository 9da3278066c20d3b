"""A whole office in one process: real database, webhooks over HTTP, the twin as carrier, worker loops on demand."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import aiohttp
import uvicorn
from starlette.applications import Starlette
from twilio.request_validator import RequestValidator

from frontdesk.features import delivery, senders, tenants
from frontdesk.features.tenants.hours import DAYS
from frontdesk.kernel.clock import DatabaseClock
from frontdesk.kernel.db import Database, Role
from frontdesk.kernel.ids import new_id
from frontdesk.kernel.settings import load_settings
from frontdesk.providers.twin import TwinConfig, TwinControl, TwinServer
from frontdesk.web.webhooks import webhook_routes
from frontdesk.wiring import Frontdesk, assemble
from tests.support.actors import TEST_ACTS
from tests.support.settling import settle

ACCOUNT = "AC" + "0" * 32
TOKEN = "0123456789abcdef0123456789abcdef"
ADAS_NUMBER = "+12125550100"
ADAS_PHONE = "+12125550199"
CAROL = "+12065550123"
MALLORYS_NUMBER = "+16025550100"
PLENTY_CENTS = Decimal(10_000_000)
PLENTY_CALLERS = 100_000
ALWAYS_OPEN = json.dumps({"weekly": {day: [["00:00", "24:00"]] for day in DAYS}, "special": []})


def business(*, name: str, slug: str, forwarding: str | None = ADAS_PHONE) -> tenants.Tenant:
    """Make a business that is described by the defaults of the tests."""
    moment = datetime.now(UTC)
    return tenants.Tenant(
        id=new_id(),
        slug=slug,
        name=name,
        timezone="America/New_York",
        country="US",
        hours=ALWAYS_OPEN,
        forwarding_e164=forwarding,
        ring_seconds=20,
        textback_enabled=True,
        textback_open_template="{{business}}: sorry we missed you. How can we help? Reply STOP to opt out.",
        textback_closed_template="{{business}}: we are closed now and will call back. Reply STOP to opt out.",
        textback_cooldown_seconds=600,
        voicemail_enabled=True,
        recording_announcement=tenants.DEFAULT_RECORDING_ANNOUNCEMENT,
        daily_budget_cents=PLENTY_CENTS,
        monthly_budget_cents=PLENTY_CENTS,
        range_hourly_limit=PLENTY_CALLERS,
        created_at=moment,
        updated_at=moment,
    )


class TravelClock(DatabaseClock):
    """The database's clock, which a test may put forward or back."""

    def __init__(self) -> None:
        super().__init__()
        self.ahead = timedelta()

    def now(self) -> datetime:
        """Tell the time of the test's choice."""
        return super().now() + self.ahead


@dataclass
class Office:
    """Everything a journey needs."""

    parts: Frontdesk
    twin: TwinControl
    carrier: aiohttp.ClientSession
    url: str
    clock: TravelClock
    ada: tenants.Tenant
    mallory: tenants.Tenant
    login: Database

    async def settle(self) -> None:
        """Run the worker's loops until nothing is due, all results are written and all events are handled."""
        await settle(self.parts)

    async def reconcile(self) -> None:
        """Ask the carrier about every text in doubt that is due for it."""
        reconciler = delivery.Reconciler(system=self.parts.system, providers=self.parts.providers)
        await reconciler.reconcile_once()

    async def post(self, path: str, form: Mapping[str, str], *, signature: str | None = None) -> tuple[int, str]:
        """Post a webhook as Twilio would, signed; returns status and body."""
        url = f"{self.url}/webhooks/twilio/{path}"
        signed = signature or RequestValidator(TOKEN).compute_signature(url, dict(form))
        async with self.carrier.post(url, data=dict(form), headers={"X-Twilio-Signature": signed}) as answer:
            return answer.status, await answer.text()

    async def missed_call(self, *, sid: str = "CA" + "1" * 32, caller: str = CAROL) -> None:
        """Let a call come in and go unanswered, by its webhooks alone."""
        await self.post("voice", call_form(sid, caller, CallStatus="ringing"))
        await self.post("voice/dial-action", call_form(sid, caller, DialCallStatus="no-answer"))

    async def text_in(self, body: str, *, sid: str, sender: str = CAROL, to: str = ADAS_NUMBER) -> int:
        """Let a customer write, by the webhook alone; returns the status of our answer."""
        form = {"AccountSid": ACCOUNT, "MessageSid": sid, "From": sender, "To": to, "Body": body, "NumMedia": "0"}
        return (await self.post("sms", form))[0]

    async def texts_to(self, number: str = CAROL) -> list[str]:
        """List the bodies that the carrier accepted for a number, oldest first."""
        texts = [text for text in await self.twin.messages() if text.to == number and text.direction != "inbound"]
        return [text.body for text in sorted(texts, key=lambda text: text.created_us)]

    async def posts_to(self, number: str = CAROL) -> int:
        """Count the requests to send to a number that the carrier received, whatever became of them."""
        return len(await self.twin.journal(operation="messages.create", to=number))

    async def fetchval(self, statement: str, *arguments: object) -> object:
        """Ask the database as its owner, for the test's own checks."""
        async with self.login.transaction() as tx:
            return await tx.fetchval(statement, *arguments)

    async def eventually(self, question: Callable[[], Awaitable[bool]], *, seconds: float = 10) -> None:
        """Wait until an answer is yes; fails after `seconds`."""
        async with asyncio.timeout(seconds):
            while not await question():
                await asyncio.sleep(0.01)


@asynccontextmanager
async def open_office(database_url: str, home: Path, *, environ: dict[str, str] | None = None) -> AsyncIterator[Office]:
    """Open the office: Ada's and Mallory's businesses, their numbers at the twin, webhooks listening."""
    async with AsyncExitStack() as stack:
        clock = TravelClock()
        server = TwinServer(TwinConfig(account_sid=ACCOUNT, auth_token=TOKEN))
        await stack.enter_async_context(server)
        listening = socket.socket()
        listening.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        settings = load_settings(
            {
                "TWILIO_ACCOUNT_SID": ACCOUNT,
                "TWILIO_AUTH_TOKEN": TOKEN,
                "TWILIO_API_BASE_URL": server.url,
                "PUBLIC_BASE_URL": url,
                "EMBEDDER": "none",
                **(environ or {}),
            },
            home,
        )
        parts = await assemble(
            stack,
            settings=settings,
            database_url=database_url,
            kind="web",
            public_base_url=url,
            home=home,
            clock=clock,
        )
        login = await Database.open(database_url, role=Role.LOGIN, clock=parts.clock)
        stack.push_async_callback(login.close)
        ada = business(name="Harbor Plumbing", slug="harbor")
        mallory = replace(business(name="Mesa Dental", slug="mesa"), forwarding_e164="+16025550199")
        for tenant, number in ((ada, ADAS_NUMBER), (mallory, MALLORYS_NUMBER)):
            await _add(parts, tenant, number)
        web = uvicorn.Server(
            uvicorn.Config(Starlette(routes=webhook_routes(parts)), log_config=None, access_log=False, lifespan="off")
        )
        serving = asyncio.create_task(web.serve(sockets=[listening]))
        while not web.started:
            await asyncio.sleep(0.005)
        twin = await stack.enter_async_context(TwinControl(server.url))
        for number in (ADAS_NUMBER, MALLORYS_NUMBER):
            await twin.configure_number(
                number,
                voice_url=f"{url}/webhooks/twilio/voice",
                sms_url=f"{url}/webhooks/twilio/sms",
                status_callback=f"{url}/webhooks/twilio/voice/status",
            )
        try:
            async with aiohttp.ClientSession() as carrier:
                yield Office(
                    parts=parts,
                    twin=twin,
                    carrier=carrier,
                    url=url,
                    clock=clock,
                    ada=ada,
                    mallory=mallory,
                    login=login,
                )
        finally:
            web.should_exit = True
            await serving


def call_form(sid: str, caller: str = CAROL, called: str = ADAS_NUMBER, **fields: str) -> dict[str, str]:
    """Fill in the form of a voice webhook."""
    return {
        "AccountSid": ACCOUNT,
        "CallSid": sid,
        "From": caller,
        "To": called,
        "CallStatus": "in-progress",
        "Direction": "inbound",
        "ApiVersion": "2010-04-01",
        **fields,
    }


async def _add(parts: Frontdesk, tenant: tenants.Tenant, number: str) -> None:
    async with parts.system.transaction(tenant.id) as tx:
        await tenants.create_tenant(tx, tenant, by=TEST_ACTS)
        await senders.add_number(tx, phone_e164=number, provider="twilio")
