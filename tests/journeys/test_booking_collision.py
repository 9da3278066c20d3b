"""An event that a calendar outside puts over a booking is made good: its person gets one text with other times."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

from frontdesk.features import contacts, scheduling
from frontdesk.kernel.ids import new_id
from tests.support.actors import TEST_ACTS
from tests.support.office import CAROL, Office, open_office


async def book_tomorrow(office: Office) -> tuple[scheduling.Appointment, UUID]:
    """Let Ada offer an hour's work by Ben, and book tomorrow at ten for Carol."""
    local = office.clock.now().astimezone(ZoneInfo("America/New_York")) + timedelta(days=1)
    async with office.parts.app.transaction(office.ada.id) as tx:
        carol = await contacts.ensure_contact(tx, phone_e164=CAROL, name="Carol")
        ben = await scheduling.add_resource(tx, scheduling.new_resource(resource_id=new_id(), name="Ben"), by=TEST_ACTS)
        plain = scheduling.new_service(service_id=new_id(), name="Repair", duration_minutes=60)
        service = await scheduling.add_service(tx, replace(plain, reminder_minutes=()), by=TEST_ACTS)
        await scheduling.set_givers(tx, service_id=service.id, resource_ids=[ben.id], by=TEST_ACTS)
        booked = await scheduling.book_slot(
            tx,
            service_id=service.id,
            resource_id=ben.id,
            starts_at=local.replace(hour=10, minute=0, second=0, microsecond=0),
            contact_id=carol.id,
            source="test",
        )
    assert isinstance(booked, scheduling.Appointment)
    return booked, ben.id


async def tell_busy(office: Office, resource_id: UUID, start: datetime, end: datetime) -> None:
    """Let a calendar outside tell of an event."""
    async with office.parts.app.transaction(office.ada.id) as tx:
        await scheduling.record_external_busy(
            tx,
            resource_id=resource_id,
            source="google:1",
            window=(start - timedelta(days=1), end + timedelta(days=1)),
            busy=[(start, end)],
        )


async def test_a_person_whose_time_is_lost_gets_one_text_with_times_that_are_free(
    database_url: str, home: Path
) -> None:
    async with open_office(database_url, home) as office:
        booked, ben = await book_tomorrow(office)
        await office.settle()
        for _ in range(2):  # the same news twice
            await tell_busy(office, ben, booked.starts_at, booked.ends_at)
            await office.settle()
        (confirmed, sorry) = await office.texts_to(CAROL)
        assert confirmed.startswith("Harbor Plumbing: Repair is booked for ")
        assert sorry.startswith("Harbor Plumbing: we are sorry, Repair on ")
        assert "We could do" in sorry
        assert "10:00 AM, " not in sorry.partition("We could do")[2]
        sent = await office.fetchval("select max(updated_at) from send_jobs")
        collided = await office.fetchval("select collided_at from sched_appointments")
        assert isinstance(sent, datetime)
        assert isinstance(collided, datetime)
        assert sent - collided < timedelta(seconds=60)
        assert await office.fetchval("select count(*) from conv_messages") == 2


async def test_whoever_said_stop_is_not_texted_about_a_booking(database_url: str, home: Path) -> None:
    async with open_office(database_url, home) as office:
        await office.text_in("STOP", sid="SM" + "1" * 32)
        await office.settle()
        before = len(await office.texts_to(CAROL))
        await book_tomorrow(office)
        await office.settle()
        assert len(await office.texts_to(CAROL)) == before
        assert await office.fetchval("select count(*) from send_jobs where status = 'blocked'") == 1
