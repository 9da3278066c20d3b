"""Promise: a program that is killed is started anew by itself, and callers still get their one text."""

from __future__ import annotations

import os
import signal

import pytest

from tests.journeys.journey import Journey


@pytest.mark.parametrize("name", ["web", "worker", "twin"])
async def test_after_a_kill_the_program_runs_again_and_a_missed_call_gets_its_text(journey: Journey, name: str) -> None:
    killed = journey.installation.pids()[name]
    os.kill(killed, signal.SIGKILL)

    async def is_back() -> bool:
        pid = journey.installation.pids().get(name)
        return pid not in {None, killed} and await journey.api.answers("/healthz")

    await journey.eventually(is_back)

    async def carrier_is_there() -> bool:
        try:
            return bool((await journey.twin.state()).numbers)
        except OSError:
            return False

    await journey.eventually(carrier_is_there)
    carol = journey.somebody()
    await journey.twin.place_call(caller=carol, to=journey.number)
    assert (await journey.twin.wait_for_text(carol, status="delivered", within=20)).met
    assert await journey.posts_to(carol) == 1
