"""A carrier that could not answer when it was asked for a text has proven nothing."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from frontdesk.providers.twin.wire import FaultKind, FaultOrder, Settings
from tests.support.office import open_office

CREATE, LIST = "messages.create", "messages.list"


async def test_a_text_is_not_sent_again_because_the_carrier_failed_to_list_it(database_url: str, home: Path) -> None:
    async with open_office(database_url, home) as office:
        await office.twin.change_settings(Settings(callback_share=0, list_lag_ms=3_600_000))
        await office.twin.inject_fault(FaultOrder(kind=FaultKind.REPLY_LOST, on=CREATE))
        await office.twin.inject_fault(FaultOrder(kind=FaultKind.ERROR_BEFORE_ACCEPT, on=LIST, count=3, status=503))
        await office.missed_call()
        await office.parts.courier.idle()
        for _ in range(4):  # three looks in vain, and the first answer, which does not show the text yet
            office.clock.ahead += timedelta(minutes=1)
            await office.reconcile()
        assert [look.status for look in await office.twin.journal(operation=LIST)] == [503, 503, 503, 200]
        assert await office.fetchval("select status from send_jobs") == "unknown"
        await office.twin.change_settings(Settings(callback_share=0))
        office.clock.ahead += timedelta(minutes=1)
        await office.reconcile()
        await office.settle()
        assert await office.fetchval("select status from send_jobs") in {"accepted", "sent", "delivered"}
        assert await office.posts_to() == 1
        assert len(await office.texts_to()) == 1
