"""What a first start puts into an empty database: two demo businesses, a person who may log in, an API token."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from frontdesk.features import scheduling, senders, tenants
from frontdesk.kernel import actor, auth
from frontdesk.kernel.auth import signing_up
from frontdesk.kernel.ids import new_id

if TYPE_CHECKING:
    from frontdesk.kernel.db import Database, Transaction
    from frontdesk.kernel.keys import SigningKeys

OWNER_EMAIL = "ada@demo.frontdesk.test"
OWNER_NAME = "Ada"
PASSWORD_FILE = "demo_password"  # noqa: S105 - a file's name
TOKEN_FILE = "api_token"  # noqa: S105 - a file's name
TOKEN_LIFETIME = timedelta(days=365)
BY = actor.system("first-start")
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri")
OPEN_TEXT = "Hi, this is {{business}}. Sorry we missed your call! How can we help? Reply STOP to opt out."
CLOSED_TEXT = (
    "Hi, this is {{business}}. Sorry we missed your call, we open {{opens_at|soon}}. How can we help?"
    " Reply STOP to opt out."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoBusiness:
    """A made-up business; its numbers are kept free for fiction (555-01xx)."""

    slug: str
    name: str
    timezone: str
    phone_e164: str
    forwarding_e164: str
    opens: str
    closes: str
    service: str
    minutes: int
    people: tuple[str, str]


DEMO_BUSINESSES = (
    DemoBusiness(
        slug="harbor-plumbing",
        name="Harbor Plumbing",
        timezone="America/New_York",
        phone_e164="+12125550142",
        forwarding_e164="+12125550143",
        opens="08:00",
        closes="18:00",
        service="Repair visit",
        minutes=60,
        people=("Ada", "Ben"),
    ),
    DemoBusiness(
        slug="mesa-dental",
        name="Mesa Dental",
        timezone="America/Phoenix",
        phone_e164="+16025550188",
        forwarding_e164="+16025550189",
        opens="09:00",
        closes="17:00",
        service="Check-up",
        minutes=30,
        people=("Room 1", "Room 2"),
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Welcome:
    """How to get in: the demo login and the API token, as they stand in the home folder; empty where unknown.

    `setup` is the code by which the first person signs up, as long as there is none.
    """

    email: str
    password: str
    api_token: str
    first_start: bool
    setup: str = ""


async def seed(system: Database, home: Path) -> Welcome:
    """Fill an installation that has no business yet; a later start only reads the credentials back.

    Password and token are random and kept in files of mode 0600 under `home/secrets`.
    """
    async with system.transaction() as tx:
        seeded = bool(await tenants.list_tenants(tx))
    if not seeded:
        password, token = await _fill(system)
        _keep(home, PASSWORD_FILE, password)
        _keep(home, TOKEN_FILE, token)
    return Welcome(
        email=OWNER_EMAIL,
        password=_read(home, PASSWORD_FILE),
        api_token=_read(home, TOKEN_FILE),
        first_start=not seeded,
    )


async def found_bare(system: Database, home: Path, *, keys: SigningKeys) -> Welcome:
    """Give an installation without made-up businesses its API token; its first person signs up in the browser."""
    first_start = not _read(home, TOKEN_FILE)
    if first_start:
        _keep(home, TOKEN_FILE, await _issue_token(system))
    async with system.transaction() as tx:
        setup = "" if await signing_up.is_anybody_known(tx) else signing_up.setup_code(keys)
    return Welcome(email="", password="", api_token=_read(home, TOKEN_FILE), first_start=first_start, setup=setup)


def read_api_token(home: Path) -> str:
    """Read the token of the first start; empty where there is none."""
    return _read(home, TOKEN_FILE)


async def _fill(system: Database) -> tuple[str, str]:
    password = "-".join(secrets.token_hex(3) for _ in range(4))
    password_hash = await auth.Passwords().hash(password, about=(OWNER_EMAIL, OWNER_NAME))
    async with system.transaction() as tx:
        owner = await auth.create_user(
            tx, email=OWNER_EMAIL, name=OWNER_NAME, password_hash=password_hash, actor=BY, platform_admin=True
        )
    token = await _issue_token(system)
    for business in DEMO_BUSINESSES:
        tenant_id = new_id()
        async with system.transaction(tenant_id) as tx:
            await _add_business(tx, business)
            await auth.put_member(tx, user_id=owner.id, role=auth.Role.OWNER, actor=BY)
    return password, token


async def _issue_token(system: Database) -> str:
    async with system.transaction() as tx:
        issued = await auth.create_token(
            tx,
            name="first start",
            scopes=frozenset(auth.Scope),
            grantable=frozenset(auth.Scope),
            expires_at=tx.now + TOKEN_LIFETIME,
            actor=BY,
        )
    return issued.secret


def weekday_hours(opens: str, closes: str) -> str:
    """Write opening hours that are the same from Monday to Friday, like '08:00' to '18:00'."""
    return json.dumps({"weekly": {day: [[opens, closes]] for day in WEEKDAYS}, "special": []})


async def _add_business(tx: Transaction, business: DemoBusiness) -> None:
    tenant = tenants.open_business(
        tenant_id=tx.tenant,
        slug=business.slug,
        name=business.name,
        timezone=business.timezone,
        forwarding_e164=business.forwarding_e164,
        open_template=OPEN_TEXT,
        closed_template=CLOSED_TEXT,
        cooldown_seconds=600,
        hours=weekday_hours(business.opens, business.closes),
        at=tx.now,
    )
    await tenants.create_tenant(tx, tenant, by=BY)
    await senders.add_number(tx, phone_e164=business.phone_e164, provider="twilio")
    await _add_offer(tx, business)


async def _add_offer(tx: Transaction, business: DemoBusiness) -> None:
    """Let a business be booked: one service that two people or rooms give, a quarter of an hour between bookings."""
    resources = [
        await scheduling.add_resource(tx, scheduling.new_resource(resource_id=new_id(), name=name), by=BY)
        for name in business.people
    ]
    plain = scheduling.new_service(service_id=new_id(), name=business.service, duration_minutes=business.minutes)
    service = await scheduling.add_service(tx, replace(plain, buffer_after_minutes=15, lead_minutes=60), by=BY)
    await scheduling.set_givers(tx, service_id=service.id, resource_ids=[one.id for one in resources], by=BY)


def _keep(home: Path, name: str, value: str) -> None:
    folder = home / "secrets"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / name
    path.touch(mode=0o600)
    path.chmod(0o600)
    path.write_text(value + "\n", encoding="utf-8")


def _read(home: Path, name: str) -> str:
    try:
        return (home / "secrets" / name).read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return ""
