"""Looks that many share."""

from __future__ import annotations

import asyncio

import pytest

from frontdesk.kernel.sharing import Shared


class Shelf:
    """Something that changes, looked up slowly: each look waits until it is let through."""

    def __init__(self) -> None:
        self.value = 0
        self.looks = 0
        self.begun = asyncio.Event()
        self.go = asyncio.Event()

    async def look(self) -> int:
        """Read the value as a database does: as it is when the look begins."""
        self.looks += 1
        seen = self.value
        self.begun.set()
        await self.go.wait()
        return seen


async def test_who_asks_during_a_look_gets_the_answer_of_one_that_began_after_they_asked() -> None:
    shelf, shared = Shelf(), Shared[str, int]()
    first = asyncio.create_task(shared.ask("value", shelf.look))
    await shelf.begun.wait()
    shelf.value = 1
    later = [asyncio.create_task(shared.ask("value", shelf.look)) for _ in range(50)]
    other = asyncio.create_task(shared.ask("another", shelf.look))
    await asyncio.sleep(0)
    shelf.go.set()
    assert await first == 0
    assert await asyncio.gather(*later) == [1] * 50
    assert await other == 1
    assert shelf.looks == 3
    shelf.value = 2
    assert await shared.ask("value", shelf.look) == 2


async def test_a_look_that_fails_is_told_to_all_who_wait_and_the_next_one_looks_again() -> None:
    shared = Shared[str, int]()
    tries = 0

    async def fail_twice() -> int:
        nonlocal tries
        tries += 1
        await asyncio.sleep(0)
        if tries <= 2:
            raise LookupError("away")
        return 7

    answers = await asyncio.gather(*(shared.ask("value", fail_twice) for _ in range(5)), return_exceptions=True)
    assert [type(one) for one in answers] == [LookupError] * 5
    assert await shared.ask("value", fail_twice) == 7


async def test_who_stops_waiting_takes_the_answer_from_nobody() -> None:
    shelf, shared = Shelf(), Shared[str, int]()
    tasks = [asyncio.create_task(shared.ask("value", shelf.look)) for _ in range(4)]
    await shelf.begun.wait()
    tasks[0].cancel()
    tasks[1].cancel()
    with pytest.raises(asyncio.CancelledError):
        await tasks[0]
    shelf.go.set()
    assert await asyncio.gather(*tasks[2:]) == [0, 0]
    assert shelf.looks == 2
