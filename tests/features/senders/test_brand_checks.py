"""A brand that has nearly used up its carriers' day is named before its texts wait, and only on that day."""

from __future__ import annotations

from datetime import timedelta

from frontdesk.features import senders, tenants
from frontdesk.features.senders.checks import CHECKS
from frontdesk.features.senders.sabotage import SABOTAGES, SET_RIGHT
from frontdesk.kernel.db import Database, Role
from frontdesk.kernel.outbox import Handlers, flush_with
from tests.support.actors import TEST_ACTS
from tests.support.office import TravelClock, business


async def test_a_brand_near_its_limit_is_told_with_its_share_until_the_carriers_midnight(database_url: str) -> None:
    clock = TravelClock()
    system = await Database.open(
        database_url, role=Role.SYSTEM, clock=clock, flush=flush_with(Handlers([])), max_size=1
    )
    [check], [sabotage] = CHECKS, SABOTAGES
    tenant = business(name="Harbor Plumbing", slug="harbor")

    async def found() -> tuple[str, str]:
        async with system.transaction() as tx:
            seen = await check.look(tx)
            return seen.severity.word, seen.words

    try:
        async with system.transaction(tenant.id) as tx:
            await tenants.create_tenant(tx, tenant, by=TEST_ACTS)
            await senders.add_number(tx, phone_e164="+12125550100", provider="twilio")
        assert await found() == ("ok", "0 brands have sent today, none near its limit")
        async with system.transaction() as tx:
            await sabotage.act(tx)
        assert await found() == ("warning", "the brand DRILL has sent 95 % of what carriers let it send today")
        for limit, share, severity in (
            (1_900, 100, "critical"),
            (0, 100, "critical"),
            (1_900, 50, "ok"),
            (None, 100, "ok"),
        ):
            async with system.transaction(tenant.id) as tx:
                await senders.put_brand(tx, brand_id="DRILL", daily_segments=limit, daily_share=share, by=TEST_ACTS)
            assert (await found())[0] == severity
        async with system.transaction() as tx:
            await sabotage.act(tx)
            await SET_RIGHT[sabotage.name].act(tx)
        assert (await found())[0] == "ok"
        async with system.transaction() as tx:
            await sabotage.act(tx)
        clock.ahead += timedelta(days=1)
        assert (await found())[0] == "ok", "carriers count anew"
    finally:
        await system.close()
