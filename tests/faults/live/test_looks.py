"""A carrier that could not answer when it was asked for a text has proven nothing."""

from __future__ import annotations

from pathlib import Path

from frontdesk.providers.twin.wire import FaultKind, FaultOrder, Settings
from tests.support.office import CAROL
from tests.support.processes import live_office

CREATE, LIST = "messages.create", "messages.list"
LOOKS = "select looks from send_jobs"


async def test_a_text_is_not_sent_again_because_the_carrier_failed_to_list_it(database_url: str, home: Path) -> None:
    async with live_office(database_url, home) as office:
        await office.twin.change_settings(Settings(callback_share=0, list_lag_ms=3_600_000))
        await office.twin.inject_fault(FaultOrder(kind=FaultKind.REPLY_LOST, on=CREATE))
        await office.twin.inject_fault(FaultOrder(kind=FaultKind.ERROR_BEFORE_ACCEPT, on=LIST, count=3, status=503))
        await office.start()
        assert (await office.miss_call())[0] == 200

        async def was_asked_in_vain() -> bool:
            looks = await office.twin.journal(operation=LIST)
            if len(looks) < 3:
                await office.hasten()
            return [look.status for look in looks] == [503] * 3 and await office.fetchval(LOOKS) == 0

        async def has_answered() -> bool:
            return any(look.status == 200 for look in await office.twin.journal(operation=LIST))

        await office.eventually(was_asked_in_vain)
        await office.hasten()
        await office.eventually(has_answered)
        await office.twin.change_settings(Settings(callback_share=0))
        await office.settled()
        assert await office.posts_to() == 1
        await office.each_got_one([CAROL])
