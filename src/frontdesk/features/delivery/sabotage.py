"""How a drill breaks sending in a throwaway installation, and what a person does about it in the end.

`SET_RIGHT` has, by the name of a sabotage, what is done after the page has done its part.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from frontdesk.features.delivery.queries import spoiling, switches
from frontdesk.features.delivery.queries.spoiling import SpoiledText
from frontdesk.features.delivery.service.switching import Scope, pause_sending, resume_sending
from frontdesk.kernel import actor
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.ids import new_id
from frontdesk.kernel.upkeep import Sabotage

PERSON: Final = "+12065550177"
DRILL: Final = actor.system("drill")
SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
EASTERN = "America/New_York"


async def _forget_a_switch(tx: Transaction) -> None:
    await pause_sending(tx, scope=Scope.CHANNEL, key="sms", by=DRILL, reason="left on after work")


async def _hold_for_a_day(tx: Transaction) -> None:
    await spoiling.hold_number(tx, await spoiling.get_number(tx), until=tx.now + 24 * HOUR)


async def _forget_a_text(tx: Transaction) -> None:
    await spoiling.add_text(
        tx,
        await spoiling.get_number(tx),
        SpoiledText(
            made_at=tx.now,
            phone_e164=PERSON,
            status="queued",
            message_class="C2",
            available_at=tx.now + 10 * HOUR,
            useful_until=tx.now + 4 * HOUR,
        ),
    )


async def _keep_a_useless_text(tx: Transaction) -> None:
    await spoiling.add_text(
        tx,
        await spoiling.get_number(tx),
        SpoiledText(
            made_at=tx.now,
            phone_e164=PERSON,
            status="queued",
            available_at=tx.now + 10 * HOUR,
            useful_until=tx.now - 20 * MINUTE,
        ),
    )


async def _forget_doubt(tx: Transaction) -> None:
    await spoiling.add_text(
        tx,
        await spoiling.get_number(tx),
        SpoiledText(
            made_at=tx.now,
            phone_e164=PERSON,
            status="unknown",
            posting_at=tx.now - 20 * MINUTE,
            available_at=tx.now + 10 * HOUR,
            useful_until=tx.now - 5 * MINUTE,
        ),
    )


def _left(tx: Transaction, *, minutes_ago: int) -> SpoiledText:
    """Make a text that left some minutes ago, once, and arrived."""
    at = tx.now - minutes_ago * MINUTE
    return SpoiledText(
        made_at=at,
        phone_e164=PERSON,
        status="delivered",
        available_at=at,
        useful_until=tx.now + HOUR,
        posting_at=at,
        finished_at=at,
        started_at=(at,),
    )


async def _fail_a_campaign(tx: Transaction) -> None:
    await _end_campaign_texts(tx, status="failed", code="30006")


async def _filter_a_campaign(tx: Transaction) -> None:
    await _end_campaign_texts(tx, status="undelivered", code="30007")


async def _end_campaign_texts(tx: Transaction, *, status: str, code: str) -> None:
    number, campaign_id = await spoiling.get_number(tx), new_id()
    await spoiling.open_stream(tx, number, campaign_id)
    for place in range(25):
        spoiled = replace(
            _left(tx, minutes_ago=0),
            phone_e164=f"+1206555{place + 2000:04d}",
            message_class="C3",
            status=status,
            failure_code=code,
            campaign_id=campaign_id,
        )
        await spoiling.add_text(tx, number, spoiled)


async def _lose_receipts(tx: Transaction) -> None:
    number = await spoiling.get_number(tx)
    for place in range(25):
        phone = f"+1206555{place + 3000:04d}"
        silent = replace(_left(tx, minutes_ago=20), phone_e164=phone, status="sent", finished_at=None)
        await spoiling.add_text(tx, number, silent)


async def _deliver_what_is_silent(tx: Transaction) -> None:
    await spoiling.mark_delivered(tx, await spoiling.get_number(tx))
    await spoiling.delete_spoiled(tx)


async def _spend_nothing(tx: Transaction) -> None:
    await spoiling.put_spent(tx, await spoiling.get_number(tx))


async def _allow_one_cent(tx: Transaction) -> None:
    await spoiling.put_lowest_budget(tx, await spoiling.get_number(tx))


async def _raise_the_budget(tx: Transaction) -> None:
    await spoiling.raise_budgets(tx)


async def _text_at_night(tx: Transaction) -> None:
    number, campaign_id = await spoiling.get_number(tx), new_id()
    await spoiling.open_stream(tx, number, campaign_id)
    at = _last_night(tx.now)
    spoiled = replace(
        _left(tx, minutes_ago=0),
        message_class="C3",
        campaign_id=campaign_id,
        timezone=EASTERN,
        posting_at=at,
        started_at=(at,),
    )
    await spoiling.add_text(tx, number, spoiled)


def _last_night(now: datetime) -> datetime:
    """Give the last moment at which it was three in the morning in the east."""
    there = now.astimezone(ZoneInfo(EASTERN)).replace(hour=3, minute=0, second=0, microsecond=0)
    return there if there < now else there - timedelta(days=1)


async def _text_after_stop(tx: Transaction) -> None:
    number = await spoiling.get_number(tx)
    await spoiling.refuse(tx, number, phone_e164=PERSON, since=tx.now - HOUR)
    await spoiling.add_text(tx, number, _left(tx, minutes_ago=0))


async def _post_twice(tx: Transaction) -> None:
    number = await spoiling.get_number(tx)
    twice = replace(_left(tx, minutes_ago=0), started_at=(tx.now - SECOND, tx.now))
    await spoiling.add_text(tx, number, twice)


async def _send_unexplained(tx: Transaction) -> None:
    await spoiling.add_text(tx, await spoiling.get_number(tx), replace(_left(tx, minutes_ago=0), explained=False))


async def _flood_a_person(tx: Transaction) -> None:
    number = await spoiling.get_number(tx)
    for _ in range(12):
        await spoiling.add_text(tx, number, _left(tx, minutes_ago=0))


async def _clear_up_and_resume(tx: Transaction) -> None:
    """Do what a person does in the end: the cause is gone, its traces are, and sending goes on."""
    for one in await switches.list_paused(tx):
        await resume_sending(tx, scope=Scope(one.scope), key=one.key, by=DRILL)
    await spoiling.delete_spoiled(tx)


SABOTAGES: tuple[Sabotage, ...] = tuple(
    Sabotage(name=f"delivery.{name}", sentence=sentence, act=act)
    for name, sentence, act in (
        ("forgotten_switch", "Somebody has paused all texts and gone home", _forget_a_switch),
        ("held_for_a_day", "A number is held back for a day by a carrier's nonsense", _hold_for_a_day),
        ("forgotten_text", "A clock that ran ahead has put a text off by ten hours", _forget_a_text),
        ("useless_text", "A text that is of no use any more waits for ten hours", _keep_a_useless_text),
        ("forgotten_doubt", "A text in doubt is not asked about any more", _forget_doubt),
        ("campaign_fails", "A campaign is sent to numbers that do not exist", _fail_a_campaign),
        ("campaign_filtered", "Carriers filter what a campaign says", _filter_a_campaign),
        ("receipts_lost", "Carriers' receipts do not reach us", _lose_receipts),
        ("phantom_spend", "A budget counts money that no text has cost", _spend_nothing),
        ("budget_of_one_cent", "Somebody has limited a business to one cent a day", _allow_one_cent),
        ("text_at_night", "A campaign has texted somebody at three in the morning", _text_at_night),
        ("text_after_stop", "Somebody was texted an hour after their STOP", _text_after_stop),
        ("posted_twice", "A text was posted twice, and accepted twice", _post_twice),
        ("unexplained_text", "A text left without a decision", _send_unexplained),
        ("flooded_person", "A loop texts one person over and over", _flood_a_person),
    )
)

SET_RIGHT: Mapping[str, Sabotage] = {
    one.name: one
    for one in (
        Sabotage(name=f"delivery.{name}", sentence=sentence, act=act)
        for name, sentence, act in (
            ("campaign_fails", "The list is cleaned and the campaign goes on", _clear_up_and_resume),
            ("campaign_filtered", "The words are changed and the campaign goes on", _clear_up_and_resume),
            ("receipts_lost", "The address of receipts is put right at the carrier", _deliver_what_is_silent),
            ("budget_of_one_cent", "The limit is raised", _raise_the_budget),
            ("text_at_night", "The cause is found, and sending goes on", _clear_up_and_resume),
            ("text_after_stop", "The cause is found, and sending goes on", _clear_up_and_resume),
            ("posted_twice", "The cause is found, and sending goes on", _clear_up_and_resume),
            ("unexplained_text", "The cause is found, and sending goes on", _clear_up_and_resume),
            ("flooded_person", "The loop is cut, and sending goes on", _clear_up_and_resume),
        )
    )
}
