"""Where bookings are played in tests: two businesses on real PostgreSQL, a clock to put forward, and a notebook."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from frontdesk.features import contacts, scheduling, tenants
from frontdesk.features.billing import events as billing_events
from frontdesk.features.billing.events import PaymentSucceeded
from frontdesk.features.scheduling import events as scheduling_events
from frontdesk.features.tenants.hours import DAYS
from frontdesk.kernel.clock import DatabaseClock
from frontdesk.kernel.db import Database, Role, Transaction
from frontdesk.kernel.ids import new_id
from frontdesk.kernel.outbox import Catalogue, Dispatcher, Handlers, flush_with
from frontdesk.kernel.outbox.dispatcher import EventRejected
from tests.support.actors import TEST_ACTS

MONDAY = datetime(2026, 11, 23, 13, 0, tzinfo=UTC)  # 8 AM in New York
CAROL = "+12065550123"
NINE_TO_FIVE = json.dumps({"weekly": {day: [["09:00", "17:00"]] for day in DAYS[:5]}, "special": []})


class TravelClock(DatabaseClock):
    """The database's clock, which a test may put forward or back."""

    def __init__(self) -> None:
        super().__init__()
        self.ahead = timedelta()

    def now(self) -> datetime:
        """Tell the time of the test's choice."""
        return super().now() + self.ahead


def business(*, name: str, slug: str) -> tenants.Tenant:
    """Describe a business in New York that works from nine to five on weekdays."""
    return tenants.open_business(
        tenant_id=new_id(),
        slug=slug,
        name=name,
        timezone="America/New_York",
        forwarding_e164=None,
        open_template="{{business}}: sorry we missed you. Reply STOP to opt out.",
        closed_template="{{business}}: we are closed. Reply STOP to opt out.",
        cooldown_seconds=600,
        hours=NINE_TO_FIVE,
        at=MONDAY,
    )


@dataclass
class Notebook:
    """Whom people were told what, as a speaker that only writes down."""

    told: list[scheduling.Message] = field(default_factory=list)

    async def tell(self, _tx: Transaction, message: scheduling.Message) -> bool:
        """Write down a message, once per key."""
        if all(known.key != message.key for known in self.told):
            self.told.append(message)
        return True

    def about(self, template: str) -> list[str]:
        """List the words of a template that were said."""
        return [message.body for message in self.told if message.template == f"scheduling.{template}"]


class PlainLinks:
    """Links as a test reads them."""

    def appointment(self, slug: str, appointment_id: UUID) -> str:
        """Link to an appointment."""
        return f"https://x.test/{slug}/a/{appointment_id}"

    def hold(self, slug: str, hold_id: UUID) -> str:
        """Link to a hold."""
        return f"https://x.test/{slug}/h/{hold_id}"

    def page(self, slug: str) -> str:
        """Link to the booking page."""
        return f"https://x.test/{slug}"


@dataclass
class Shop:
    """Ada's business with one service that two resources give, Carol who books, and Mallory next door."""

    app: Database
    system: Database
    login: Database
    clock: TravelClock
    notebook: Notebook
    handlers: Handlers
    ada: tenants.Tenant
    mallory: tenants.Tenant
    service: scheduling.Service
    north: scheduling.Resource
    south: scheduling.Resource
    carol: UUID

    def at(self, hours: float) -> datetime:
        """Tell the moment so many hours after Monday, 8 AM in New York."""
        return MONDAY + timedelta(hours=hours)

    def travel_to(self, moment: datetime) -> None:
        """Put the clock to a moment."""
        self.clock.ahead += moment - self.clock.now()

    def told(self) -> scheduling.Told:
        """Tell how people are reached."""
        return scheduling.Told(speaker=self.notebook, links=PlainLinks())

    async def settle(self) -> None:
        """Hand on every event."""
        dispatcher = Dispatcher(
            system=self.system,
            app=self.app,
            catalogue=Catalogue((EventRejected, *billing_events.EVENTS, *scheduling_events.EVENTS)),
            handlers=self.handlers,
            process_id=new_id(),
            batch_size=100,
            concurrency=1,
        )
        while await dispatcher.dispatch_batch():
            pass

    async def book(
        self, hours: float, resource: scheduling.Resource | None = None
    ) -> scheduling.Appointment | scheduling.SlotTaken:
        """Book for Carol at so many hours after Monday, 8 AM."""
        async with self.app.transaction(self.ada.id) as tx:
            return await scheduling.book_slot(
                tx,
                service_id=self.service.id,
                resource_id=None if resource is None else resource.id,
                starts_at=self.at(hours),
                contact_id=self.carol,
                source="test",
            )

    async def booked(self, hours: float, resource: scheduling.Resource | None = None) -> scheduling.Appointment:
        """Book, and be sure of it."""
        done = await self.book(hours, resource)
        assert isinstance(done, scheduling.Appointment), done
        return done

    async def hold(
        self, hours: float, resource: scheduling.Resource | None = None
    ) -> scheduling.Held | scheduling.SlotTaken:
        """Hold a time for Carol at so many hours after Monday, 8 AM."""
        async with self.app.transaction(self.ada.id) as tx:
            return await scheduling.hold_slot(
                tx,
                service_id=self.service.id,
                resource_id=None if resource is None else resource.id,
                starts_at=self.at(hours),
                contact_id=self.carol,
                source="test",
            )

    async def held(self, hours: float, resource: scheduling.Resource | None = None) -> scheduling.Hold:
        """Hold a time, and be sure of it."""
        done = await self.hold(hours, resource)
        assert isinstance(done, scheduling.Held), done
        return done.hold

    async def confirm(self, hold_id: UUID) -> scheduling.Appointment | scheduling.SlotTaken:
        """Book what a hold keeps."""
        async with self.app.transaction(self.ada.id) as tx:
            return await scheduling.confirm_hold(tx, hold_id=hold_id, contact_id=self.carol, source="test")

    async def cancel(self, appointment_id: UUID) -> scheduling.Appointment:
        """Call an appointment off."""
        async with self.app.transaction(self.ada.id) as tx:
            return await scheduling.cancel_appointment(
                tx, appointment_id=appointment_id, because="", source="test", by=TEST_ACTS
            )

    async def move(self, appointment_id: UUID, hours: float) -> scheduling.Appointment | scheduling.SlotTaken:
        """Move an appointment to so many hours after Monday, 8 AM."""
        async with self.app.transaction(self.ada.id) as tx:
            return await scheduling.reschedule_appointment(
                tx, appointment_id=appointment_id, starts_at=self.at(hours), source="test", by=TEST_ACTS
            )

    async def busy(
        self, resource: scheduling.Resource, *stretches: tuple[float, float], source: str = "google:1"
    ) -> list[scheduling.Collision]:
        """Let a calendar outside tell of its busy times this week, in hours after Monday, 8 AM."""

        async def tell(tx: Transaction) -> list[scheduling.Collision]:
            return await scheduling.record_external_busy(
                tx,
                resource_id=resource.id,
                source=source,
                window=(MONDAY - timedelta(days=1), MONDAY + timedelta(days=7)),
                busy=[(self.at(start), self.at(end)) for start, end in stretches],
            )

        return await self.app.perform(tell, tenant_id=self.ada.id)

    async def slots(self, start: float, end: float, *, limit: int = 200, minutes: int = 15) -> list[float]:
        """List the free starts of a stretch as hours after Monday, 8 AM, each resource's own."""
        async with self.app.transaction(self.ada.id) as tx:
            found = await scheduling.list_free_slots(
                tx,
                service_id=self.service.id,
                between=(self.at(start), self.at(end)),
                limit=limit,
                granularity_minutes=minutes,
            )
        return [(slot.starts_at - MONDAY) / timedelta(hours=1) for slot in found]

    async def pay(self, hold_id: UUID) -> None:
        """Let the payment company tell that the deposit of a hold is paid, and have the news handled."""
        async with self.app.transaction(self.ada.id) as tx:
            payment_id = await tx.fetchval(
                """
                update payments
                set status = 'paid', provider_intent_id = 'pi_1', paid_cents = amount_cents, paid_at = $2
                where reference_id = $1 returning id
                """,
                hold_id,
                tx.now,
            )
            assert isinstance(payment_id, UUID)
            tx.announce(
                PaymentSucceeded(
                    payment_id=payment_id,
                    purpose="booking_deposit",
                    reference=hold_id,
                    contact_id=self.carol,
                    amount_cents=2500,
                    currency="usd",
                    paid_at=tx.now,
                )
            )
        await self.settle()

    async def fetchval(self, statement: str, *arguments: object) -> object:
        """Ask the database as its owner."""
        async with self.login.transaction() as tx:
            return await tx.fetchval(statement, *arguments)

    async def overlaps(self) -> int:
        """Count pairs of binding occupancies that overlap on one seat, without the constraint's help (I7)."""
        found = await self.fetchval(
            """
            select count(*) from sched_occupancies a join sched_occupancies b
              on a.resource_id = b.resource_id and a.seat = b.seat and a.id < b.id and a.during && b.during
            where a.binding and b.binding
            """
        )
        assert isinstance(found, int)
        return found


@asynccontextmanager
async def open_shop(database_url: str, *, capacity: int = 1, resources: int = 2) -> AsyncIterator[Shop]:
    """Open Ada's shop on Monday, 8 AM: an hour's work from nine to five, fifteen minutes' clearing up after it."""
    clock, notebook = TravelClock(), Notebook()
    handlers = Handlers(scheduling.handlers(scheduling.Told(speaker=notebook, links=PlainLinks())))
    async with AsyncExitStack() as stack:

        async def database(role: Role) -> Database:
            made = await Database.open(database_url, role=role, clock=clock, flush=flush_with(handlers), max_size=10)
            stack.push_async_callback(made.close)
            return made

        app, system, login = await database(Role.APP), await database(Role.SYSTEM), await database(Role.LOGIN)
        clock.ahead = MONDAY - clock.now()
        ada = business(name="Harbor Plumbing", slug="harbor")
        mallory = business(name="Mesa Glass", slug="mesa")
        for one in (ada, mallory):
            async with system.transaction(one.id) as tx:
                await tenants.create_tenant(tx, one, by=TEST_ACTS)
        async with app.transaction(ada.id) as tx:
            carol = await contacts.ensure_contact(tx, phone_e164=CAROL, name="Carol")
            service = await scheduling.add_service(
                tx,
                replace(
                    scheduling.new_service(service_id=new_id(), name="Repair", duration_minutes=60),
                    buffer_after_minutes=15,
                ),
                by=TEST_ACTS,
            )
            both = [
                await scheduling.add_resource(
                    tx,
                    replace(scheduling.new_resource(resource_id=new_id(), name=name), capacity=capacity),
                    by=TEST_ACTS,
                )
                for name in ("North", "South")
            ]
            await scheduling.set_givers(
                tx, service_id=service.id, resource_ids=[one.id for one in both[:resources]], by=TEST_ACTS
            )
        yield Shop(
            app=app,
            system=system,
            login=login,
            clock=clock,
            notebook=notebook,
            handlers=handlers,
            ada=ada,
            mallory=mallory,
            service=service,
            north=both[0],
            south=both[1],
            carol=carol.id,
        )
