"""Every provider that speaks the port: the twin's Google and Jobber, and a real Radicale."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from frontdesk.providers.caldav import GuardedDial
from frontdesk.providers.http import HttpClient
from frontdesk.providers.twin import TwinServer
from tests.providers.calendars.contract import Referee
from tests.providers.calendars.radicale import Radicale, running_radicale
from tests.providers.calendars.stages import CalDavStage, GoogleStage, JobberStage, Stage


@pytest.fixture(scope="session")
def radicale(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Radicale]:
    with running_radicale(tmp_path_factory.mktemp("radicale")) as server:
        yield server


@pytest.fixture
async def http() -> AsyncIterator[HttpClient]:
    client = HttpClient()
    yield client
    await client.close()


@pytest.fixture
async def twin() -> AsyncIterator[TwinServer]:
    referee = Referee()
    async with TwinServer(on_google_answer=referee.see) as twin:
        yield twin
    assert referee.complaints == []


@pytest.fixture
async def google(twin: TwinServer, http: HttpClient) -> GoogleStage:
    return await GoogleStage.open(twin, http)


@pytest.fixture
async def jobber(twin: TwinServer, http: HttpClient) -> JobberStage:
    return await JobberStage.open(twin, http)


@pytest.fixture
async def caldav(radicale: Radicale) -> AsyncIterator[CalDavStage]:
    dial = GuardedDial(trusted_hosts=("127.0.0.1",))
    client = HttpClient(dial=dial)
    yield await CalDavStage.open(radicale, client, dial)
    await client.close()
    dial.close()


@pytest.fixture(params=["google", "caldav", "jobber"])
def stage(request: pytest.FixtureRequest) -> Stage:
    found: Stage = request.getfixturevalue(request.param)
    return found


@pytest.fixture(params=["google", "caldav"])
def writing(request: pytest.FixtureRequest) -> Stage:
    """Lend those to which we write."""
    found: Stage = request.getfixturevalue(request.param)
    return found
