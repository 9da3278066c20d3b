"""A worker's part in payments: what was ordered of the payment company, and news of it that never came."""

from __future__ import annotations

from frontdesk.features import billing
from frontdesk.kernel.loops import Loop, Tempo
from frontdesk.kernel.telemetry import get_logger
from frontdesk.ports import ProviderError
from frontdesk.wiring import Frontdesk

QUICK_SECONDS = 0.05
SLOW_SECONDS = 1.0
SILENCE_SECONDS = 60.0

log = get_logger("worker")


def paying(parts: Frontdesk) -> list[Loop]:
    """Make the loops of payments; there are none while no payment company is set."""
    provider = parts.payments
    if provider is None:
        return []
    cashier = billing.Cashier(system=parts.system, provider=provider, base_url=parts.public_base_url)
    tempo = Tempo(quick=QUICK_SECONDS, slow=SLOW_SECONDS)

    async def work() -> float:
        return tempo.after(found_work=await cashier.work_once() > 0)

    async def listen() -> float:
        try:
            await billing.replay_after_silence(parts.system, provider)
        except ProviderError as error:
            log.warning("payment_news_not_asked", failure=error.failure.value, provider_code=error.provider_code)
        return SILENCE_SECONDS

    return [Loop("work off payment orders", work), Loop("look for missed payment news", listen)]
