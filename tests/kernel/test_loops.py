"""Loops go on: through failures, until they are asked to stop, at the tempo that the work asks for."""

from __future__ import annotations

import asyncio

from structlog.testing import capture_logs

from frontdesk.kernel.loops import Loop, Tempo, keep_going


async def test_a_turn_that_fails_is_tried_again_and_each_kind_of_failure_is_told_once() -> None:
    stop = asyncio.Event()
    failures: list[Exception] = [ConnectionRefusedError("away"), ConnectionRefusedError("away"), ValueError("a bug")]

    async def turn() -> float:
        if failures:
            raise failures.pop(0)
        stop.set()
        return 0.0

    with capture_logs() as lines:
        await keep_going(Loop("send", turn), stop, first_pause=0.001)
    assert [(line["log_level"], line["event"]) for line in lines] == [
        ("warning", "worker.loop_waits_for_database"),
        ("error", "worker.loop_failed"),
        ("info", "worker.loop_recovered"),
    ]
    assert lines[2]["failed_turns"] == 3


async def test_a_rest_is_cut_short_by_a_wake_up_and_by_a_stop() -> None:
    stop = asyncio.Event()
    wake = asyncio.Event()
    turns = 0

    async def turn() -> float:
        nonlocal turns
        turns += 1
        if turns == 3:
            stop.set()
        asyncio.get_running_loop().call_soon(wake.set)
        return 3600.0

    await asyncio.wait_for(keep_going(Loop("send", turn, wake), stop), 10)
    assert turns == 3


async def test_a_wake_up_during_a_turn_is_not_lost() -> None:
    stop = asyncio.Event()
    wake = asyncio.Event()
    seen: list[int] = []

    async def turn() -> float:
        seen.append(len(seen))
        wake.set()
        if len(seen) == 2:
            stop.set()
        return 3600.0

    await asyncio.wait_for(keep_going(Loop("send", turn, wake), stop), 10)
    assert seen == [0, 1]


async def test_a_busy_loop_lets_others_run_and_hears_the_stop() -> None:
    stop = asyncio.Event()

    async def turn() -> float:
        return 0.0

    running = asyncio.create_task(keep_going(Loop("send", turn), stop))
    asyncio.get_running_loop().call_later(0.01, stop.set)
    await asyncio.wait_for(running, 10)


def test_the_rest_doubles_while_there_is_nothing_to_do_and_starts_anew_with_work() -> None:
    tempo = Tempo(quick=0.02, slow=0.25)
    rests = [tempo.after(found_work=False) for _ in range(6)]
    assert rests == [0.02, 0.04, 0.08, 0.16, 0.25, 0.25]
    assert tempo.after(found_work=True) == 0.0
    assert tempo.after(found_work=False) == 0.02
