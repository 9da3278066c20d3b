"""People are told of their bookings once, in lawful words, and only of what still holds."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from frontdesk.features import scheduling
from frontdesk.features.consent.wording import Verdict, understand
from frontdesk.features.delivery.model import MessageClass
from frontdesk.features.delivery.segments import count
from frontdesk.features.delivery.words import Severity, check_words
from frontdesk.features.scheduling import words
from tests.features.scheduling.stage import Shop, open_shop
from tests.support.actors import TEST_ACTS

WHEN = "Wed, Nov 25 at 10:00 AM"
LINK = "https://book.harbor.example/book/harbor/a/" + "A" * 43
TEXTS = {
    "confirmed": words.confirmed(business="{{business}}", service="Repair visit", when=WHEN, link=LINK),
    "moved": words.moved(business="{{business}}", service="Repair visit", when=WHEN, link=LINK),
    "called off": words.called_off(business="{{business}}", service="Repair visit", when=WHEN, link=LINK),
    "reminder": words.reminder(business="{{business}}", service="Repair visit", when=WHEN, link=LINK),
    "collided": words.collided(
        business="{{business}}", service="Repair visit", when=WHEN, others=[WHEN, WHEN, WHEN], link=LINK
    ),
    "came free": words.came_free(business="{{business}}", service="Repair visit", when=WHEN, until=WHEN, link=LINK),
    "lost": words.lost(business="{{business}}", service="Repair visit", when=WHEN, others=[WHEN], link=LINK),
}


async def remind(shop: Shop) -> int:
    """Let the worker look for reminders once."""
    return await scheduling.send_reminders(system=shop.system, app=shop.app, told=shop.told())


@pytest.mark.parametrize("kind", sorted(TEXTS))
def test_no_text_asks_for_a_word_that_stops_all_texts_or_advertises(kind: str) -> None:
    findings = check_words(
        TEXTS[kind],
        message_class=MessageClass.TRANSACTIONAL,
        is_tag=lambda tag: tag == "business",
        known_tags="business",
        sample={"business": "Harbor Plumbing"},
        is_opt_out=lambda reply: understand(reply).verdict is Verdict.STOP,
        max_segments=2,
    )
    assert [one for one in findings if one.severity is Severity.ERROR] == []
    assert not [one for one in findings if one.code == "opt_in_word"]
    assert "cancel" not in TEXTS[kind].lower().replace(LINK.lower(), "")
    assert count(TEXTS[kind].replace("{{business}}", "Harbor Plumbing")).count <= 2


async def test_a_person_is_reminded_a_day_and_two_hours_before_and_each_time_once(database_url: str) -> None:
    async with open_shop(database_url) as shop:
        await shop.booked(28)  # Tuesday, noon
        assert await remind(shop) == 0
        shop.travel_to(shop.at(4) + timedelta(seconds=1))
        assert await remind(shop) == 1
        assert await remind(shop) == 0
        shop.travel_to(shop.at(26) + timedelta(seconds=1))
        assert await remind(shop) == 1
        assert len(shop.notebook.about("reminder")) == 2
        assert "reminder, Repair on Tue, Nov 24 at 12:00 PM" in shop.notebook.about("reminder")[0]
        (first, _) = [one for one in shop.notebook.told if one.template == "scheduling.reminder"]
        assert first.basis == "the person's own booking"


async def test_a_moved_booking_is_reminded_of_at_its_new_time_only(database_url: str) -> None:
    async with open_shop(database_url) as shop:
        mine = await shop.booked(26)
        await shop.move(mine.id, 29)
        shop.travel_to(shop.at(24) + timedelta(seconds=1))
        assert await remind(shop) == 1  # of the day before, which is three hours later now
        shop.travel_to(shop.at(27) + timedelta(seconds=1))
        assert await remind(shop) == 1
        assert all("Tue, Nov 24 at 1:00 PM" in body for body in shop.notebook.about("reminder"))
        assert shop.notebook.about("reminder")


async def test_nobody_is_reminded_of_what_is_off_collided_or_over(database_url: str) -> None:
    async with open_shop(database_url) as shop:
        off = await shop.booked(26, shop.north)
        await shop.booked(29, shop.north)
        await shop.booked(31, shop.north)
        await shop.cancel(off.id)
        await shop.busy(shop.north, (29, 30))
        shop.travel_to(shop.at(27) + timedelta(seconds=1))
        await remind(shop)
        told = " ".join(shop.notebook.about("reminder"))
        assert "10:00 AM" not in told
        assert "1:00 PM" not in told
        shop.travel_to(shop.at(35))
        await remind(shop)
        assert "3:00 PM" not in " ".join(shop.notebook.about("reminder"))
        assert await shop.fetchval("select count(*) from sched_reminders where status = 'waiting'") == 0


async def test_a_booking_within_the_day_has_only_the_reminders_that_are_still_to_come(database_url: str) -> None:
    async with open_shop(database_url) as shop:
        await shop.booked(4)
        assert await shop.fetchval("select array_agg(minutes_before) from sched_reminders") == [120]


async def test_what_the_dialogue_booked_is_not_told_again(database_url: str) -> None:
    async with open_shop(database_url) as shop:
        async with shop.app.transaction(shop.ada.id) as tx:
            done = await scheduling.book_slot(
                tx,
                service_id=shop.service.id,
                resource_id=None,
                starts_at=shop.at(2),
                contact_id=shop.carol,
                source="dialogue",
            )
        assert isinstance(done, scheduling.Appointment)
        await shop.booked(5)
        await shop.settle()
        (told,) = shop.notebook.about("booked")
        assert "1:00 PM" in told


async def test_a_file_keeps_its_name_and_counts_its_changes(database_url: str) -> None:
    async with open_shop(database_url) as shop:
        mine = await shop.booked(2)
        moved = await shop.move(mine.id, 5)
        assert isinstance(moved, scheduling.Appointment)
        gone = await shop.cancel(mine.id)
        files = [scheduling.invitation(one, business="Harbor Plumbing").decode() for one in (mine, moved, gone)]
        assert [f"SEQUENCE:{number}" in file for number, file in enumerate(files)] == [True, True, True]
        assert all(f"UID:{mine.id}@frontdesk" in file for file in files)
        assert ["METHOD:REQUEST" in file for file in files] == [True, True, False]
        assert "METHOD:CANCEL" in files[2]
        assert "DTSTART:20261123T180000Z" in files[1]  # 1 PM in New York


async def test_a_deposit_keeps_the_time_until_it_is_paid_or_cannot_be(database_url: str) -> None:
    async with open_shop(database_url, resources=1) as shop:
        async with shop.app.transaction(shop.ada.id) as tx:
            await scheduling.change_service(tx, replace(shop.service, deposit_cents=2500), by=TEST_ACTS)
        hold = await shop.held(2)
        async with shop.app.transaction(shop.ada.id) as tx:
            due = await scheduling.ask_deposit(tx, hold_id=hold.id, contact_id=shop.carol)
        assert (due.amount_cents, due.currency) == (2500, "usd")
        assert due.url.startswith("/pay/")
        shop.clock.ahead += timedelta(minutes=29)
        await scheduling.collect_holds(system=shop.system, app=shop.app)
        assert isinstance(await shop.book(2), scheduling.SlotTaken)
        await shop.pay(hold.id)
        assert await shop.fetchval("select deposit from sched_appointments where status = 'booked'") == "paid"


async def test_a_payment_for_a_lost_time_goes_back_and_its_person_is_offered_others(database_url: str) -> None:
    async with open_shop(database_url, resources=1) as shop:
        async with shop.app.transaction(shop.ada.id) as tx:
            await scheduling.change_service(tx, replace(shop.service, deposit_cents=2500), by=TEST_ACTS)
        hold = await shop.held(2)
        async with shop.app.transaction(shop.ada.id) as tx:
            await scheduling.ask_deposit(tx, hold_id=hold.id, contact_id=shop.carol)
        shop.clock.ahead += timedelta(minutes=40)
        await scheduling.collect_holds(system=shop.system, app=shop.app)
        await shop.booked(2)  # somebody else was quicker
        await shop.pay(hold.id)
        assert await shop.fetchval("select count(*) from sched_appointments") == 1
        assert await shop.fetchval("select count(*) from refunds") == 1
        (told,) = shop.notebook.about("paid_too_late") or shop.notebook.about("paid")
        assert "it is being refunded" in told
        await shop.pay(hold.id)  # the news again
        assert await shop.fetchval("select count(*) from refunds") == 1


async def test_a_late_payment_for_a_time_that_is_still_free_books_it(database_url: str) -> None:
    async with open_shop(database_url, resources=1) as shop:
        async with shop.app.transaction(shop.ada.id) as tx:
            await scheduling.change_service(tx, replace(shop.service, deposit_cents=2500), by=TEST_ACTS)
        hold = await shop.held(2)
        async with shop.app.transaction(shop.ada.id) as tx:
            await scheduling.ask_deposit(tx, hold_id=hold.id, contact_id=shop.carol)
        shop.clock.ahead += timedelta(minutes=40)
        await scheduling.collect_holds(system=shop.system, app=shop.app)
        await shop.pay(hold.id)
        assert await shop.fetchval("select deposit from sched_appointments where status = 'booked'") == "paid"
