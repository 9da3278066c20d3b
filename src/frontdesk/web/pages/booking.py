"""The public booking page: choose a service, a day and a time, say who you are; change or call off by a signed link.

It needs no login and no script. Whoever has the link of a booking may change that booking, and nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from frontdesk.features import consent, contacts, scheduling, tenants
from frontdesk.features.consent import ConsentKind, ConsentScope
from frontdesk.features.scheduling.model.showing import Showing
from frontdesk.features.scheduling.service import showing
from frontdesk.kernel.actor import system
from frontdesk.kernel.allowances import Allowance, Allowances
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.errors import Refused
from frontdesk.kernel.telemetry.metrics import BOOK_CONFLICTS
from frontdesk.web.edge import POLICY
from frontdesk.web.pages.booking_views import (
    DAYS_SHOWN,
    Choice,
    Visitor,
    choose,
    first_day,
    window_of,
)
from frontdesk.web.peers import client_address
from frontdesk.web.rendering import render
from frontdesk.wiring import Frontdesk
from frontdesk.wiring.booking import APPOINTMENT, HOLD

SOURCE = "booking_page"
BY = system("booking-page")
MAX_SLOTS = 1500
# What strangers may ask for: by one address, for one number, and of one business.
PER_ADDRESS = Allowance(per_second=12 / 3600, burst=12)
PER_PHONE = Allowance(per_second=5 / 86_400, burst=5)
PER_BUSINESS = Allowance(per_second=300 / 3600, burst=300)
LOOKS_PER_ADDRESS = Allowance(per_second=2, burst=120)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A business's open page."""

    business: tenants.Tenant
    page: scheduling.Page
    accent: str
    showings: Mapping[UUID, Showing]

    def is_shown(self, service_id: UUID) -> bool:
        """Tell whether strangers may see a service here."""
        return self.showings.get(service_id, Showing()).public


class BookingDesk:
    """Serves everybody who comes to book."""

    def __init__(self, parts: Frontdesk) -> None:
        self.parts = parts
        self.links = parts.links
        self.granularity_minutes = parts.settings.scheduling.search_granularity_minutes
        self._allowances = Allowances(parts.system)

    async def find(self, request: Request, slug: str) -> Place:
        """Find a business's page; refuses one that is not there or shut (`scheduling.page_not_found`)."""
        await self._spend(f"booking-looks:{self.address(request)}", LOOKS_PER_ADDRESS)
        async with self.parts.system.transaction() as tx:
            business = await tenants.find_tenant_by_slug(tx, slug=slug[:64])
        if business is not None:
            async with self.parts.app.transaction(business.id) as tx:
                page = await scheduling.get_page(tx)
                accent = await showing.get_accent(tx)
                showings = await showing.list_showings(tx)
            if page.open:
                return Place(business=business, page=page, accent=accent.value, showings=showings)
        raise Refused("scheduling.page_not_found", "There is no booking page at this address.", status=404)

    def show(self, place: Place, template: str, *, status: int = 200, **values: object) -> Response:
        """Answer with a page; the sites that the business named may show it inside theirs."""
        home = f"/book/{place.business.slug}"
        shown = {"business": place.business, "page": place.page, "accent": place.accent, "home": home, **values}
        return HTMLResponse(render(template, **shown), status_code=status, headers=framing(place.page))

    def address(self, request: Request) -> str:
        """Tell who asks, as far as limits go."""
        return client_address(request, trusted=self.parts.settings.web.trusted_proxies)

    async def count_booking(self, request: Request, place: Place, phone_e164: str) -> None:
        """Count a wish to book; refuses too many of one address, number or business (`scheduling.too_many`, 429)."""
        await self._spend(f"booking:{self.address(request)}", PER_ADDRESS)
        if phone_e164:
            await self._spend(f"booking-phone:{place.business.id}:{phone_e164}", PER_PHONE)
        await self._spend(f"booking-of:{place.business.id}", PER_BUSINESS)

    async def read_choice(
        self, tx: Transaction, place: Place, service: scheduling.Service, *, start: str, day: str
    ) -> Choice:
        """Read the free times of two weeks."""
        zone = place.business.timezone
        today = tx.now.astimezone(ZoneInfo(zone)).date()
        first = first_day(start, now=tx.now, zone=zone, horizon_days=service.horizon_days)
        found = await scheduling.list_free_slots(
            tx,
            service_id=service.id,
            between=window_of(first, zone=zone),
            limit=MAX_SLOTS,
            granularity_minutes=self.granularity_minutes,
        )
        if not found and not start:
            found = await self._first_two_weeks(tx, service)
            if found:
                first = found[0].starts_at.astimezone(ZoneInfo(zone)).date()
        return choose(found, first=first, day=day, zone=zone, today=today)

    async def _first_two_weeks(self, tx: Transaction, service: scheduling.Service) -> list[scheduling.Slot]:
        after = tx.now + timedelta(days=DAYS_SHOWN)
        until = min(tx.now + timedelta(days=service.horizon_days), after + timedelta(days=46))
        return await scheduling.list_free_slots(
            tx,
            service_id=service.id,
            between=(after, max(until, after)),
            limit=40,
            granularity_minutes=self.granularity_minutes,
        )

    async def agree(
        self, tx: Transaction, request: Request, place: Place, visitor: Visitor, phone_e164: str, *, text: str
    ) -> UUID:
        """Find or add the person, and put on record what they agreed to with their number, as it was shown."""
        contact = await contacts.ensure_contact(tx, phone_e164=phone_e164, name=visitor.name)
        await consent.record_opt_in(
            tx,
            consent.OptIn(
                phone_e164=phone_e164,
                kind=ConsentKind.WRITTEN,
                scope=ConsentScope.TRANSACTIONAL,
                text_shown=text,
                url=f"/book/{place.business.slug}",
                given_at=tx.now,
                zone=place.business.timezone,
                ip=self.address(request),
                user_agent=request.headers.get("user-agent", "")[:300],
                sellers=(place.business.name,),
                not_a_condition=True,
                source=SOURCE,
            ),
            by=BY,
            welcome=False,
        )
        return contact.id

    async def book(
        self, tx: Transaction, *, service: scheduling.Service, slot: scheduling.Slot, contact_id: UUID, note: str
    ) -> scheduling.Appointment | scheduling.DepositDue | scheduling.SlotTaken:
        """Book a time with whoever is free, or keep it until its deposit is paid."""
        if service.deposit_cents == 0:
            done = await scheduling.book_slot(
                tx,
                service_id=service.id,
                resource_id=None,
                starts_at=slot.starts_at,
                contact_id=contact_id,
                source=SOURCE,
                note=note,
            )
            return self._counted(done)
        held = await scheduling.hold_slot(
            tx,
            service_id=service.id,
            resource_id=None,
            starts_at=slot.starts_at,
            contact_id=contact_id,
            source=SOURCE,
        )
        if isinstance(held, scheduling.SlotTaken):
            return self._counted(held)
        return await scheduling.ask_deposit(tx, hold_id=held.hold.id, contact_id=contact_id)

    def read_link(self, purpose: str, token: str) -> UUID:
        """Read the id in a signed link; refuses any other (`scheduling.link_unknown`)."""
        found = self.links.read(purpose, token[:100])
        if found is None:
            raise Refused(
                "scheduling.link_unknown", "This link is not one of ours. Use the one you were sent.", status=404
            )
        return found

    def appointment_path(self, place: Place, appointment_id: UUID) -> str:
        """Name the page of an appointment."""
        return f"/book/{place.business.slug}/a/{self.links.token(APPOINTMENT, appointment_id)}"

    def hold_path(self, place: Place, hold_id: UUID) -> str:
        """Name the page of a held time."""
        return f"/book/{place.business.slug}/h/{self.links.token(HOLD, hold_id)}"

    def _counted(
        self, done: scheduling.Appointment | scheduling.SlotTaken
    ) -> scheduling.Appointment | scheduling.SlotTaken:
        if isinstance(done, scheduling.SlotTaken):
            self.parts.metrics.increment(BOOK_CONFLICTS)
        return done

    async def _spend(self, subject: str, allowance: Allowance) -> None:
        wait = await self._allowances.spend(subject, 1, allowance)
        if wait:
            raise Refused(
                "scheduling.too_many",
                "That was too often. Please try again later, or call us.",
                status=429,
                details={"retry_after_seconds": int(wait) + 1},
            )


async def public_service(tx: Transaction, place: Place, service_id: UUID) -> scheduling.Service:
    """Get a service that strangers may book; one kept for the team is as unknown to them as none."""
    if not place.is_shown(service_id):
        raise Refused("scheduling.service_not_found", "no such service", status=404)
    return await scheduling.get_service(tx, service_id=service_id)


def framing(page: scheduling.Page) -> Mapping[str, str]:
    """Write the headers that let the named sites, and no others, show a page inside theirs."""
    if not page.embed_origins:
        return {}
    allowed = f"frame-ancestors {' '.join(page.embed_origins)}"
    return {"content-security-policy": POLICY.replace("frame-ancestors 'none'", allowed)}


def go_to(path: str) -> Response:
    """Answer a form with the page that shows what it did."""
    return RedirectResponse(path, status_code=303)
