"""Signing up: a business and the person who owns it, made in one go; who may do that is a setting."""

from __future__ import annotations

import json
import re
import secrets
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from uuid import UUID

from pydantic import ValidationError
from starlette.datastructures import FormData
from starlette.requests import Request

from frontdesk.features import tenants
from frontdesk.features.contacts.zones import country_names, zones_in
from frontdesk.features.tenants.hours import is_zone
from frontdesk.features.tenants.routes import TenantChange
from frontdesk.features.textback.template import CLOSED_TEMPLATE, OPEN_TEMPLATE
from frontdesk.kernel import auth
from frontdesk.kernel.actor import Actor, person
from frontdesk.kernel.auth import LoggedIn, Role, Session, signing_up
from frontdesk.kernel.auth.model import normal_email
from frontdesk.kernel.auth.sessions import begin_session
from frontdesk.kernel.auth.signing_up import SigningUp
from frontdesk.kernel.db import Tx
from frontdesk.kernel.errors import Refused
from frontdesk.kernel.ids import new_id
from frontdesk.kernel.settings.entry import SignUp
from frontdesk.ports.mail import Letter
from frontdesk.web.entry import EntryDesk
from frontdesk.web.entry.desk import too_often
from frontdesk.web.pages.hours_form import WORKDAYS, said

OPEN_THE_LINK = "Open the link that the start of the program printed: it proves that this installation is yours."
MAX_SLUG = 48
NUMBERED = 20
USUAL_COUNTRY = "US"
USUAL_HOURS = json.dumps({"weekly": {day: [["09:00", "17:00"]] for day in WORKDAYS}, "special": []})
CONFIRM = """Hello {name},

you asked to set up {business} at Frontdesk. Go on here within a day:

{link}

If it was not you, do nothing: nothing has been set up.
"""
KNOWN = """Hello,

somebody, probably you, wanted to sign up at Frontdesk with this address. You can log in with it already:

{link}

If you have forgotten your password, ask there for a new one. If it was not you, do nothing.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundingForm:
    """The first screen as it was typed; `wrong` tells by field what to do about it."""

    business: str = ""
    country: str = USUAL_COUNTRY
    timezone: str = ""
    name: str = ""
    email: str = ""
    wrong: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """Who may add a business: the first person ever, whoever is logged in, strangers by mail, or nobody (`why`)."""

    is_first: bool = False
    setup: str = ""
    by_mail: bool = False
    session: Session | None = None
    why: str = ""


class SignUpDesk:
    """Takes sign-ups, within what the installation allows."""

    def __init__(self, desk: EntryDesk) -> None:
        self.desk = desk
        self.parts = desk.parts
        self._sign_up = desk.parts.settings.entry.sign_up

    async def open_gate(self, session: Session | None, *, setup: str = "") -> Gate:
        """Tell whether, and how, a visitor may add a business; the first one shows the code that the start printed."""
        if session is not None:
            if session.platform_admin or self._sign_up is not SignUp.CLOSED:
                return Gate(session=session)
            return Gate(session=session, why="Only who runs this installation adds businesses. Ask them.")
        async with self.parts.system.transaction() as tx:
            known = await signing_up.is_anybody_known(tx)
        if not known:
            proven = signing_up.is_setup_code(self.desk.keys, setup)
            return Gate(is_first=True, setup=setup) if proven else Gate(why=OPEN_THE_LINK)
        if self._sign_up is not SignUp.OPEN:
            return Gate(why="Nobody signs up here without being invited. Ask whoever runs this installation.")
        if self.desk.letterbox is None:
            return Gate(why="Sign-up waits for a mail server: ask whoever runs this installation to set one up.")
        return Gate(by_mail=True)

    async def found(self, request: Request, gate: Gate, form: FoundingForm, *, password: str) -> tuple[UUID, LoggedIn]:
        """Make the business, and on a new installation its first person, who is logged in by that.

        Refuses `auth.sign_up_closed` (403), `auth.throttled` (429), `auth.email_invalid`, `auth.password_weak`.
        """
        if gate.session is not None:
            raise LookupError("whoever is logged in founds by `found_another`")
        wish = await self._take_wish(request, form, password=password)
        async with self.parts.system.transaction(tenant_id := new_id()) as tx:
            await signing_up.refuse_second(tx)
            return tenant_id, await self._settle(tx, request, wish, platform_admin=True)

    async def found_another(self, session: Session, form: FoundingForm) -> UUID:
        """Make one more business for somebody who is logged in."""
        async with self.parts.system.transaction(tenant_id := new_id()) as tx:
            await found_business(
                tx, name=form.business, country=form.country, timezone=form.timezone,
                owner_id=session.user_id, by=session.actor, cooldown_minutes=self._cooldown,
            )  # fmt: skip
        return tenant_id

    async def ask_to_confirm(self, request: Request, form: FoundingForm, *, password: str) -> None:
        """Mail a link that makes the business; an address that we know is told so by mail, and by nothing else."""
        letterbox = self.desk.letterbox
        if letterbox is None:
            raise Refused("auth.sign_up_closed", "Sign-up waits for a mail server.", status=403)
        wish = await self._take_wish(request, form, password=password)

        async def write() -> Letter:
            async with self.parts.system.transaction() as tx:
                secret = await signing_up.keep_sign_up(tx, wish)
            base = self.parts.public_base_url
            if secret is None:
                words = KNOWN.format(link=f"{base}/login")
                return Letter(to=wish.email, subject="You have an account already", words=words, at=tx.now)
            words = CONFIRM.format(
                name=wish.name, business=wish.business, link=f"{base}/welcome/confirm?token={secret}"
            )
            return Letter(to=wish.email, subject="Confirm your address", words=words, at=tx.now)

        letterbox.post(write)

    async def confirm(self, request: Request, *, secret: str) -> tuple[UUID, LoggedIn]:
        """Make what a link confirms; refuses `auth.sign_up_over` and `auth.email_taken` (409)."""
        self.desk.entrance.refuse_foreign(request)
        if self._sign_up is not SignUp.OPEN:
            raise Refused("auth.sign_up_closed", "Nobody signs up here without being invited.", status=403)
        async with self.parts.system.transaction(tenant_id := new_id()) as tx:
            wish = await signing_up.take_sign_up(tx, secret=secret)
            return tenant_id, await self._settle(tx, request, wish, platform_admin=False)

    @property
    def _cooldown(self) -> int:
        return self.parts.settings.textback.cooldown_minutes

    async def _take_wish(self, request: Request, form: FoundingForm, *, password: str) -> SigningUp:
        self.desk.entrance.refuse_foreign(request)
        address = self.desk.address(request)
        throttled = await signing_up.count_sign_up(self.parts.system, email=form.email, ip=address)
        if throttled is not None:
            raise too_often(throttled)
        email = normal_email(form.email)
        hashed = await self.desk.passwords.hash(password, about=(email, form.name, form.business))
        return SigningUp(
            email=email,
            name=form.name,
            business=form.business,
            country=form.country,
            timezone=form.timezone,
            password_hash=hashed,
        )

    async def _settle(self, tx: Tx, request: Request, wish: SigningUp, *, platform_admin: bool) -> LoggedIn:
        user = await auth.create_user(
            tx,
            email=wish.email,
            name=wish.name,
            password_hash=wish.password_hash,
            actor=Actor("system:sign-up"),
            platform_admin=platform_admin,
        )
        await found_business(
            tx, name=wish.business, country=wish.country, timezone=wish.timezone, owner_id=user.id,
            by=person(user.id, user.email), cooldown_minutes=self._cooldown,
        )  # fmt: skip
        return await begin_session(tx, user_id=user.id, visitor=self.desk.visitor(request), by="sign-up")


async def found_business(
    tx: Tx, *, name: str, country: str, timezone: str, owner_id: UUID, by: Actor, cooldown_minutes: int
) -> None:
    """Make the transaction's business, open on weekdays from 9 to 5 until its owner says otherwise."""
    tenant = tenants.open_business(
        tenant_id=tx.tenant,
        slug=await free_slug(tx, name),
        name=name,
        timezone=timezone,
        forwarding_e164=None,
        open_template=OPEN_TEMPLATE,
        closed_template=CLOSED_TEMPLATE,
        cooldown_seconds=cooldown_minutes * 60,
        hours=USUAL_HOURS,
        at=tx.now,
    )
    await tenants.create_tenant(tx, replace(tenant, country=country), by=by)
    await tenants.begin_setup(tx)
    await auth.put_member(tx, user_id=owner_id, role=Role.OWNER, actor=by)


async def free_slug(tx: Tx, name: str) -> str:
    """Make a short name for addresses that no business has yet; the transaction sees all of them."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    base = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:MAX_SLUG].strip("-") or "business"
    for number in range(1, NUMBERED):
        slug = base if number == 1 else f"{base}-{number}"
        if await tenants.find_tenant_by_slug(tx, slug=slug) is None:
            return slug
    return f"{base}-{secrets.token_hex(4)}"


def read_founding(form: FormData, *, with_person: bool) -> FoundingForm:
    """Read the first screen and say what is missing in it."""
    country = said(form, "country") or USUAL_COUNTRY
    guessed = said(form, "timezone")
    read = FoundingForm(
        business=said(form, "business"),
        country=country,
        timezone=guessed if is_zone(guessed) else next(iter(zones_in(country)), "America/New_York"),
        name=said(form, "name"),
        email=said_long(form, "email"),
    )
    wrong = {}
    try:
        TenantChange(name=read.business)
    except ValidationError:
        wrong["business"] = "Write the name that your customers know."
    if country not in country_names():
        wrong["country"] = "Choose a country."
    if with_person and not read.name:
        wrong["name"] = "Write your name."
    if with_person and not read.email:
        wrong["email"] = "Write your e-mail address."
    return replace(read, wrong=wrong)


def said_long(form: FormData, name: str) -> str:
    """Read a field that may be longer than words are."""
    value = form.get(name)
    return value[:1024] if isinstance(value, str) else ""


def told(form: FoundingForm, refusal: Refused) -> FoundingForm:
    """Put a refusal beside the field that it is about."""
    name = {"auth.email_invalid": "email", "auth.password_weak": "password"}.get(refusal.code, "all")
    return replace(form, wrong={**form.wrong, name: refusal.message})
