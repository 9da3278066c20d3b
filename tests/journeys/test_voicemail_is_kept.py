"""Promise: a message that a caller leaves is fetched from the carrier and can be heard at home."""

from __future__ import annotations

import stat

import msgspec

from tests.journeys.journey import Journey


class _Voicemail(msgspec.Struct):
    id: str
    seconds: int


class _Call(msgspec.Struct):
    voicemails: list[_Voicemail]


class _Report(msgspec.Struct):
    call: _Call


async def test_a_voicemail_is_stored_at_home_and_heard_through_the_api(journey: Journey) -> None:
    carol = journey.somebody()
    await journey.twin.place_call(caller=carol, to=journey.number, voicemail=True, voicemail_seconds=9)
    await journey.twin.wait_until_idle()
    [call] = await journey.calls_of(carol)
    [voicemail] = (await journey.ask(f"/api/calls/{call.id}", _Report)).call.voicemails
    assert voicemail.seconds == 9

    async def can_be_heard() -> bool:
        return (await journey.api.get(f"/api/voicemails/{voicemail.id}/audio")).status == 200

    await journey.eventually(can_be_heard)
    sound = await journey.api.get(f"/api/voicemails/{voicemail.id}/audio")
    [kept] = (journey.installation.home / "recordings").glob(f"*/{voicemail.id}.*")
    assert kept.read_bytes() == sound.body
    assert len(sound.body) > 1000
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
