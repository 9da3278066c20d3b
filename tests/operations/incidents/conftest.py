"""What tests of incidents work with: alerts on one dial, a clock that is moved by hand, and an ear that is told."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from frontdesk.providers.alert_webhook import AlertWebhook
from frontdesk.providers.http import HttpClient
from tests.operations.alerts.stage import Ear, Stage, listening, open_stage


@pytest.fixture
async def ear() -> AsyncIterator[Ear]:
    """Lend a place that hears by HTTP."""
    async with listening() as ear:
        yield ear


@pytest.fixture
async def stage(database_url: str, ear: Ear) -> AsyncIterator[Stage]:
    """Lend a stage whose only sink is the ear."""
    client = HttpClient(connections_per_origin=4)
    async with open_stage(database_url, AlertWebhook(f"{ear.url}/alerts?token=x", client)) as stage:
        yield stage
    await client.close()
