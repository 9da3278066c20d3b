"""A web process that may open few files refuses whom it cannot take and answers again once others have gone."""

from __future__ import annotations

import asyncio
import resource
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest

from tests.support.processes import live_office

FEW, MANY = 64, 150


@pytest.mark.timeout(90)
async def test_a_web_process_with_64_files_survives_a_crowd_and_takes_calls_afterwards(
    database_url: str, home: Path
) -> None:
    async with live_office(database_url, home) as office:
        [web] = await office.start(workers=0)
        psutil.Process(web.pid).rlimit(resource.RLIMIT_NOFILE, (FEW, FEW))
        address = urlsplit(office.url)
        crowd = []
        for _ in range(MANY):
            with suppress(OSError, TimeoutError):
                opening = asyncio.open_connection(address.hostname, address.port)
                crowd.append(await asyncio.wait_for(opening, timeout=2))
        assert len(crowd) > FEW, "the crowd is larger than what it may open"
        assert web.runs
        for _, writer in crowd:
            writer.close()
        await office.eventually(office.answers, seconds=20)
        assert (await office.miss_call())[0] == 200
        assert web.runs
