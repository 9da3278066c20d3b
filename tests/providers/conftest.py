"""What the tests of every company at the twin share: the control client."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from frontdesk.providers.twin import TwinControl, TwinServer


@pytest.fixture
async def control(twin: TwinServer) -> AsyncIterator[TwinControl]:
    async with TwinControl(twin.url) as control:
        yield control
