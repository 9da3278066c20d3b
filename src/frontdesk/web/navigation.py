"""Where a person can go: the sections of the console, each with what one must hold to see it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from frontdesk.kernel.auth import Principal, Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One section; `path` stands below the business, or below the root for what concerns the whole platform."""

    key: str
    words: str
    icon: str
    path: str
    scope: Scope
    platform: bool = False


@dataclass(frozen=True, slots=True)
class Link:
    """A place as one person sees it."""

    key: str
    words: str
    icon: str
    address: str


PLACES = (
    Place(key="home", words="Home", icon="home", path="", scope=Scope.CALLS_READ),
    Place(key="inbox", words="Inbox", icon="inbox", path="/inbox", scope=Scope.MESSAGES_READ),
    Place(key="agenda", words="Calendar", icon="calendar", path="/agenda", scope=Scope.BOOKING_READ),
    Place(key="people", words="People", icon="people", path="/people", scope=Scope.CONTACTS_READ),
    Place(key="campaigns", words="Campaigns", icon="campaign", path="/campaigns", scope=Scope.CAMPAIGNS_READ),
    Place(key="reports", words="Reports", icon="chart", path="/reports", scope=Scope.DELIVERY_READ),
    Place(key="settings", words="Settings", icon="settings", path="/settings", scope=Scope.TENANTS_READ),
    Place(
        key="operations",
        words="Operations",
        icon="pulse",
        path="/operations",
        scope=Scope.OPERATIONS_READ,
        platform=True,
    ),
)
# What stands under "Settings", in the order of its tabs.
SETTINGS = (
    Place(key="business", words="Business", icon="settings", path="/settings", scope=Scope.TENANTS_READ),
    Place(key="team", words="Team", icon="people", path="/settings/team", scope=Scope.MEMBERS_READ),
    Place(key="booking", words="Booking", icon="calendar", path="/settings/booking", scope=Scope.BOOKING_READ),
    Place(key="calendars", words="Calendars", icon="calendar", path="/calendars", scope=Scope.BOOKING_READ),
    Place(key="numbers", words="Numbers", icon="call", path="/settings/numbers", scope=Scope.NUMBERS_READ),
    Place(key="budgets", words="Budgets", icon="payment", path="/settings/budgets", scope=Scope.DELIVERY_READ),
    Place(key="payments", words="Payments", icon="payment", path="/payments", scope=Scope.BILLING_READ),
    Place(key="tokens", words="API tokens", icon="key", path="/settings/tokens", scope=Scope.TOKENS_READ),
    Place(key="audit", words="Audit log", icon="shield", path="/settings/audit", scope=Scope.AUDIT_READ),
)


def places_for(principal: Principal, business: UUID | None) -> Sequence[Link]:
    """List the sections that a person may open."""
    return _links(PLACES, principal, business)


def settings_for(principal: Principal, business: UUID) -> Sequence[Link]:
    """List the tabs of the settings that a person may open."""
    return _links(SETTINGS, principal, business)


def address_in(section: str, business: UUID) -> str:
    """Tell where the same section of another business is; the first page where it has none."""
    place = next((one for one in (*PLACES, *SETTINGS) if one.key == section and not one.platform), PLACES[0])
    return _address(place, business)


def _links(places: Sequence[Place], principal: Principal, business: UUID | None) -> Sequence[Link]:
    held, held_everywhere = principal.scopes_for(business) if business else (), principal.scopes_for(None)
    return [
        Link(one.key, one.words, one.icon, one.path if one.platform or business is None else _address(one, business))
        for one in places
        if one.scope in (held_everywhere if one.platform else held)
    ]


def _address(place: Place, business: UUID) -> str:
    return f"/?business={business}" if not place.path else f"/businesses/{business}{place.path}"
