"""What tests of alerts work with: a place that hears, and a stage with one rule on one dial."""

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
async def http() -> AsyncIterator[HttpClient]:
    """Lend a client."""
    client = HttpClient(connections_per_origin=4)
    yield client
    await client.close()


@pytest.fixture
async def stage(database_url: str, ear: Ear, http: HttpClient) -> AsyncIterator[Stage]:
    """Lend a stage whose only sink is the ear."""
    async with open_stage(database_url, AlertWebhook(f"{ear.url}/alerts?token=x", http)) as stage:
        yield stage
