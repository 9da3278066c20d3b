"""Where payments are played in tests: an office whose payment company is the twin's Stripe, and a cashier on demand."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from frontdesk.features import billing
from frontdesk.kernel.ids import new_id
from frontdesk.ports.payments import PaymentNews
from frontdesk.providers.stripe import read_event
from frontdesk.providers.twin import TwinConfig, TwinControl, TwinServer
from frontdesk.providers.twin.stripe_client import TwinStripe
from tests.support.actors import TEST_ACTS
from tests.support.office import Office, open_office
from tests.support.shop import settings_of_stripe

DEPOSIT = 2500
PATH = "/webhooks/stripe"


@dataclass(frozen=True, slots=True)
class Till:
    """An office that takes money; `stripe` is what people, banks and the company do."""

    office: Office
    control: TwinControl
    stripe: TwinStripe
    cashier: billing.Cashier
    config: TwinConfig

    @property
    def tenant_id(self) -> UUID:
        """Ada's business."""
        return self.office.ada.id

    async def request(
        self, *, reference: UUID | None = None, cents: int = DEPOSIT, minutes: float = 30, purpose: str = "deposit"
    ) -> billing.PaymentRequest:
        """Ask for a deposit."""
        async with self.office.parts.app.transaction(self.tenant_id) as tx:
            return await billing.request_payment(
                tx,
                tenant_id=self.tenant_id,
                purpose=purpose,
                reference=reference or new_id(),
                contact_id=None,
                amount_cents=cents,
                currency="usd",
                description="Deposit for a visit",
                expires_at=tx.now + timedelta(minutes=minutes),
                now=tx.now,
            )

    async def opened(self, **wanted: float) -> billing.Payment:
        """Ask for a deposit and have its page made."""
        asked = await self.request(minutes=wanted.get("minutes", 30))
        await self.work()
        return await self.read(asked.id)

    async def paid(self) -> billing.Payment:
        """Ask for a deposit that somebody pays."""
        payment = await self.opened()
        await self.stripe.pay(payment.session_id)
        await self.quiet()
        return await self.read(payment.id)

    async def refund(self, payment_id: UUID, cents: int | None = None, **named: UUID) -> billing.Refund:
        """Give money back."""
        async with self.office.parts.app.transaction(self.tenant_id) as tx:
            return await billing.refund_payment(
                tx,
                tenant_id=self.tenant_id,
                payment_id=payment_id,
                amount_cents=cents,
                reason="the visit is off",
                by=TEST_ACTS,
                now=tx.now,
                refund_id=named.get("refund_id"),
            )

    async def read(self, payment_id: UUID) -> billing.Payment:
        """Read a payment."""
        async with self.office.parts.app.transaction(self.tenant_id) as tx:
            return await billing.get_payment(tx, tenant_id=self.tenant_id, payment_id=payment_id)

    async def work(self, *, seconds: float = 0) -> None:
        """Let the cashier work until nothing is due; with `seconds`, after so long."""
        self.office.clock.ahead += timedelta(seconds=seconds)
        while await self.cashier.work_once():
            pass
        await self.quiet()

    async def quiet(self) -> None:
        """Wait until the company has told everything."""
        assert await self.control.wait_until_idle()

    async def announced(self, *names: str) -> list[str]:
        """List the events of billing that were announced, in order."""
        async with self.office.login.transaction() as tx:
            rows = await tx.fetch("select name from outbox_events where name like 'billing.%' order by id")
        found = [row["name"] for row in rows]
        return [name for name in found if not names or name in names]

    async def news(self) -> list[PaymentNews]:
        """Read every event that the company keeps, oldest first."""
        return list(_read((await self.stripe.look()).events))

    async def take(self, news: Iterable[PaymentNews]) -> list[bool]:
        """Take in news as if it were told in this order; tells which were new."""
        system = self.office.parts.system
        return [await billing.take_in_news(system, billing.as_webhook("stripe", one, {}), one) for one in news]

    async def count(self, table: str) -> object:
        """Count rows."""
        return await self.office.fetchval(f"select count(*)::int from {table}")  # noqa: S608 - the test's own names


def _read(events: Iterable[dict[str, object]]) -> Iterable[PaymentNews]:
    for event in events:
        news = read_event(json.dumps(event).encode())
        assert news is not None
        yield news


@asynccontextmanager
async def open_till(database_url: str, home: Path, *, tells: bool = True) -> AsyncIterator[Till]:
    """Open the office with the twin's Stripe; unless it `tells`, nobody hears of its events."""
    config = TwinConfig()
    async with TwinServer(config) as server, TwinControl(server.url) as control:
        environ = settings_of_stripe(config, server.url)
        async with open_office(database_url, home, environ=environ) as office:
            provider = office.parts.payments
            assert provider is not None
            server.world.clock = office.clock  # one time for both, also when a test travels
            stripe = TwinStripe(control)
            if tells:
                await stripe.tell(office.url + PATH)
            cashier = billing.Cashier(system=office.parts.system, provider=provider, base_url="https://desk.example")
            yield Till(office, control, stripe, cashier, config)
            await control.wait_until_idle()
