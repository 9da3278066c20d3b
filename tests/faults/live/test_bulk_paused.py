"""A campaign that real workers are sending stops within a second, whichever switch is pulled and whoever is deaf."""

from __future__ import annotations

import os
import signal
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest

from frontdesk.features import delivery
from tests.faults.live.bulk_live import all_posted, californians, posts_of, queue_campaign_to, zone_at
from tests.support.actors import ADA_ACTS
from tests.support.processes import LiveOffice, live_office

AREAS = (213, 310, 323)
EVERYBODY = [number for area in AREAS for number in californians(1500, area=area)]


async def pull(office: LiveOffice, scope: delivery.Scope, campaign: UUID) -> datetime:
    """Pull a switch and tell when it was pulled."""
    key = str(campaign) if scope is delivery.Scope.CAMPAIGN else str(office.ada.id)
    async with office.login.transaction(office.ada.id) as tx:
        await delivery.pause_sending(tx, scope=scope, key=key, by=ADA_ACTS, reason="test")
    paused_at = await office.fetchval("select paused_at from delivery_switches where scope = $1", scope.value)
    assert isinstance(paused_at, datetime)
    return paused_at


@pytest.mark.slow
@pytest.mark.timeout(180)
@pytest.mark.parametrize("scope", [delivery.Scope.CAMPAIGN, delivery.Scope.TENANT])
async def test_a_campaign_of_thousands_stops_within_a_second_though_a_worker_is_deaf(
    scope: delivery.Scope, database_url: str, home: Path
) -> None:
    async with live_office(database_url, home, twin_beside=True) as office:
        workers = await office.start(webs=0, workers=2)
        for worker in workers:
            worker.step_back()
        campaign = await queue_campaign_to(office, EVERYBODY, zone=zone_at(12), pace=500)
        deaf = await office.presence_backend(workers[0])
        os.kill(deaf, signal.SIGSTOP)
        try:
            await all_posted(office, 200)
            paused_at = await pull(office, scope, campaign)
            await office.nothing_in_flight()
        finally:
            os.kill(deaf, signal.SIGCONT)
        posts = await posts_of(office)
        arrived = [datetime.fromtimestamp(post.wall_us / 1e6, UTC) for post in posts]
        assert max(arrived) - paused_at < timedelta(seconds=1)
        last_started_at = await office.fetchval("select max(started_at) from send_attempts")
        assert isinstance(last_started_at, datetime)
        assert last_started_at - paused_at < timedelta(seconds=1)
        assert 200 <= len(posts) < len(EVERYBODY)
        assert max(Counter(post.fields["To"] for post in posts).values()) == 1

        async def the_rest_waits() -> bool:
            queued = await office.count("select count(*) from send_jobs where status = 'queued'")
            return queued == len(EVERYBODY) - len(await posts_of(office))

        await office.eventually(the_rest_waits, seconds=60)  # also what the deaf one held, once its lease is over
