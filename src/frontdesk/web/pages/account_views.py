"""What the pages of a person's account show: their logins in words, what lets them in, and the QR code of an app."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import segno
from markupsafe import Markup

from frontdesk.kernel.auth import OpenSession, Scope, Session
from frontdesk.web.devices import device_words


@dataclass(frozen=True, slots=True)
class ShownSession:
    """A login as its person sees it."""

    id: UUID
    device: str
    created_at: datetime
    last_seen_at: datetime
    is_this: bool


SCOPE_WORDS: Mapping[Scope, str] = {
    Scope.CALLS_READ: "See calls and voicemails",
    Scope.MESSAGES_READ: "Read texts",
    Scope.MESSAGES_SEND: "Send texts",
    Scope.CONTACTS_READ: "See people",
    Scope.CONTACTS_WRITE: "Add and change people",
    Scope.CONTACTS_EXPORT: "Export people to files",
    Scope.CONSENT_READ: "See who agreed and who said stop",
    Scope.CONSENT_WRITE: "Record who agreed and who said stop",
    Scope.DELIVERY_READ: "See what was sent, and budgets",
    Scope.DELIVERY_PAUSE: "Pause sending",
    Scope.DELIVERY_RESUME: "Resume sending",
    Scope.BOOKING_READ: "See bookings and calendars",
    Scope.BOOKING_WRITE: "Make and change bookings",
    Scope.BILLING_READ: "See payments",
    Scope.BILLING_WRITE: "Ask for and refund payments",
    Scope.CAMPAIGNS_READ: "See campaigns",
    Scope.CAMPAIGNS_WRITE: "Write campaigns",
    Scope.CAMPAIGNS_APPROVE: "Approve campaigns",
    Scope.TENANTS_READ: "See the business's settings",
    Scope.TENANTS_WRITE: "Change the business's settings",
    Scope.NUMBERS_READ: "See the phone numbers",
    Scope.NUMBERS_WRITE: "Change the phone numbers",
    Scope.MEMBERS_READ: "See the team",
    Scope.MEMBERS_WRITE: "Change the team",
    Scope.HOOKS_READ: "See outgoing webhooks",
    Scope.HOOKS_WRITE: "Change outgoing webhooks",
    Scope.TOKENS_READ: "See API tokens",
    Scope.TOKENS_WRITE: "Issue and revoke API tokens",
    Scope.AUDIT_READ: "Read the audit log",
    Scope.SIMULATE: "Simulate calls and texts",
    Scope.METRICS_READ: "Read the figures of the whole platform",
    Scope.OPERATIONS_READ: "See operations of the whole platform",
    Scope.OPERATIONS_WRITE: "Work on operations of the whole platform",
    Scope.OPERATIONS_APPROVE: "Approve repairs of the whole platform",
}


def show_sessions(found: Sequence[OpenSession], *, this: Session) -> Sequence[ShownSession]:
    """Show logins, this one first."""
    shown = [
        ShownSession(one.id, device_words(one.user_agent), one.created_at, one.last_seen_at, one.id == this.id)
        for one in found
    ]
    return sorted(shown, key=lambda one: not one.is_this)


def draw_code(address: str) -> Markup:
    """Draw the QR code that an app photographs: an element of the page, black on white in both themes."""
    drawn = segno.make(address, error="m").svg_inline(
        scale=4, border=3, dark="#000", light="#fff", svgclass="entry-qr", lineclass=None, omitsize=True
    )
    return Markup(drawn)  # noqa: S704 - drawn by us from our own address


def spaced(secret: str) -> str:
    """Write a secret in groups of four, for people who type it."""
    return " ".join(re.findall(".{1,4}", secret))
