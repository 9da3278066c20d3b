"""A voicemail is brought home once it can be fetched, and a person is asked when it cannot."""

from __future__ import annotations

import asyncio
import stat
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

import pytest

from frontdesk.features.calls.jobs import STORE_VOICEMAIL, add_workflows
from frontdesk.kernel.ids import new_id
from frontdesk.kernel.jobs import JobsWorker, RunState, Workflows, list_runs, start_run
from frontdesk.ports import FailureClass, ProviderError
from tests.support.office import ADAS_NUMBER, CAROL
from tests.worker.place import Workplace, workplace

ADD = """
    with call as (
      insert into calls (id, tenant_id, provider, provider_call_id, caller_e164, called_e164, status, started_at,
                         updated_at)
      select $1, id, 'twilio', 'CA1', $2, $3, 'completed', now(), now() from tenants returning id, tenant_id
    )
    insert into voicemails (id, tenant_id, call_id, provider, provider_recording_id, url, duration_seconds, received_at)
    select $1, tenant_id, id, 'twilio', 'RE1', 'http://carrier.test/RE1', 9, now() from call returning tenant_id
"""


@dataclass(frozen=True, slots=True)
class Sound:
    content_type: str
    body: bytes


@dataclass
class Carrier:
    """A fetcher that fails as often as it was told, then answers."""

    failures: list[ProviderError] = field(default_factory=list)
    asked: int = 0

    async def fetch_media(self, url: str) -> Sound:
        self.asked += 1
        if self.failures:
            raise self.failures.pop(0)
        return Sound("audio/x-wav; charset=binary", b"RIFF" + url.encode())


def _failure(*, permanent: bool, status: int) -> ProviderError:
    return ProviderError(
        "no", provider="twilio", failure=FailureClass.REJECTED, permanent=permanent, http_status=status
    )


async def _run_to(place: Workplace, url: str, home: Path, carrier: Carrier, state: RunState) -> UUID:
    voicemail_id = new_id()
    tenant_id = await place.login.fetchval(ADD, voicemail_id, CAROL, ADAS_NUMBER)
    workflows = Workflows()
    add_workflows(workflows, media={"twilio": carrier}, folder=home / "recordings")
    async with place.parts.app.transaction(tenant_id) as tx:
        await start_run(tx, STORE_VOICEMAIL, {"voicemail_id": str(voicemail_id)}, key=str(voicemail_id))
    stop = asyncio.Event()
    working = asyncio.create_task(JobsWorker(url, workflows, app=place.parts.app, system=place.parts.system).run(stop))

    async def ended() -> bool:
        async with place.parts.system.transaction() as tx:
            return bool(await list_runs(tx, state=state))

    await place.eventually(ended)
    stop.set()
    await working
    return voicemail_id


async def test_a_recording_that_is_not_there_yet_is_asked_for_again(database_url: str, home: Path) -> None:
    async with workplace(database_url, home) as place:
        carrier = Carrier([_failure(permanent=True, status=404)])
        voicemail_id = await _run_to(place, database_url, home, carrier, RunState.SUCCEEDED)
        row = await place.login.fetchrow("select tenant_id, stored_as, content_type from voicemails")
        assert row is not None
        assert row["stored_as"] == f"{row['tenant_id']}/{voicemail_id}.wav"
        assert row["content_type"] == "audio/x-wav"
        kept = home / "recordings" / row["stored_as"]
        assert kept.read_bytes() == b"RIFFhttp://carrier.test/RE1"
        assert stat.S_IMODE(kept.stat().st_mode) == 0o600
        assert carrier.asked == 2


@pytest.mark.parametrize("status", [401, 403])
async def test_a_carrier_that_will_never_give_it_is_asked_once(database_url: str, home: Path, status: int) -> None:
    async with workplace(database_url, home) as place:
        carrier = Carrier([_failure(permanent=True, status=status)])
        await _run_to(place, database_url, home, carrier, RunState.FAILED)
        assert carrier.asked == 1
        assert await place.login.fetchval("select stored_as from voicemails") is None
        assert not (home / "recordings").exists()
