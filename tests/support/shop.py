"""A house that takes money: its payment company is the twin's Stripe, its cashier works on demand."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from frontdesk.features import billing
from frontdesk.providers.twin import TwinConfig, TwinControl, TwinServer
from frontdesk.providers.twin.stripe_client import TwinStripe
from tests.support.house import House, open_house


@dataclass(frozen=True, slots=True)
class Shop:
    """A house that takes money; `stripe` is what people, banks and the company do."""

    house: House
    control: TwinControl
    stripe: TwinStripe
    secret: str

    async def work(self) -> None:
        """Let the cashier work, and the company tell of it."""
        provider = self.house.parts.payments
        assert provider is not None
        cashier = billing.Cashier(system=self.house.parts.system, provider=provider, base_url=self.house.url)
        while await cashier.work_once():
            pass
        assert await self.control.wait_until_idle()


def settings_of_stripe(config: TwinConfig, url: str) -> dict[str, str]:
    """Write the settings by which a process takes the twin at `url` for Stripe."""
    return {
        "STRIPE_SECRET_KEY": config.stripe_secret_key,
        "STRIPE_WEBHOOK_SECRET": config.stripe_webhook_secret,
        "STRIPE_API_BASE_URL": url,
    }


@asynccontextmanager
async def open_shop(database_url: str, home: Path) -> AsyncIterator[Shop]:
    """Open the house with a payment company that tells of what happens there."""
    config = TwinConfig()
    async with TwinServer(config) as server, TwinControl(server.url) as control:
        environ = settings_of_stripe(config, server.url)
        async with open_house(database_url, home, environ=environ) as house:
            stripe = TwinStripe(control)
            await stripe.tell(house.url + "/webhooks/stripe")
            yield Shop(house, control, stripe, config.stripe_webhook_secret)
