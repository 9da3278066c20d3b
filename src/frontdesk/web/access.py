"""Who is let in: a session's cookie or a bearer token becomes a visit to one business or to the platform."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from starlette.requests import HTTPConnection, Request

from frontdesk.features import tenants
from frontdesk.kernel.auth import (
    ApiToken,
    Principal,
    Scope,
    Session,
    SessionLifetime,
    csrf_matches,
    csrf_token,
    find_identified,
    find_session,
    find_token,
    refuse_unproven,
)
from frontdesk.kernel.auth.visit import PlatformVisit, Visit
from frontdesk.kernel.db import Database
from frontdesk.kernel.errors import Refused
from frontdesk.kernel.ids import new_id
from frontdesk.kernel.sharing import Shared
from frontdesk.kernel.telemetry import current_correlation
from frontdesk.web.limits import ApiLimits
from frontdesk.web.peers import same_origin
from frontdesk.wiring import Frontdesk

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
CSRF_HEADER = "x-csrf-token"
CSRF_FIELD = "csrf"
# Every browser sends at least one of these with a POST that a page makes.
BROWSER_HEADERS = ("origin", "sec-fetch-site", "referer")
TENANT_HEADER = "x-tenant-id"
CHOSEN_COOKIE = "business"
FORM_TYPES = ("application/x-www-form-urlencoded", "multipart/form-data")


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Somebody who has proven who they are; a session comes with its cookie's token."""

    principal: Principal
    session: Session | None = None
    session_token: str = ""


class Entrance:
    """Knows the cookies and tokens by which callers prove who they are."""

    def __init__(self, parts: Frontdesk) -> None:
        security = parts.settings.security
        self.https = parts.public_base_url.startswith("https://")
        self.cookie = "__Host-session_id" if self.https else "session_id"
        self.lifetime = SessionLifetime(
            idle=timedelta(minutes=security.session_idle_minutes),
            absolute=timedelta(hours=security.session_absolute_hours),
        )
        self._public_base_url = parts.public_base_url
        self._keys = parts.settings.signing_keys()
        self._system = parts.system
        self._reserved = parts.switches
        self._identity = parts.identity
        self.limits = ApiLimits(parts)
        self._tokens: Shared[str, ApiToken | None] = Shared()

    async def identify(self, connection: HTTPConnection, *, reserved: bool = False) -> Caller | None:
        """Find out who calls; None when nothing valid is presented. A token wins over a cookie."""
        database = self._reserved if reserved else self._system
        scheme, _, secret = connection.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            token = await self._find_token(database, secret.strip())
            return await self._identify_outside(secret.strip()) if token is None else Caller(principal=token)
        cookie = connection.cookies.get(self.cookie, "")
        if not cookie:
            return None
        async with database.transaction() as tx:
            session = await find_session(tx, token=cookie, lifetime=self.lifetime)
        if session is None:
            return None
        return Caller(principal=session, session=session, session_token=cookie)

    async def _find_token(self, database: Database, secret: str) -> ApiToken | None:
        """Find a token; a program that asks many things at once is looked up once."""

        async def look() -> ApiToken | None:
            async with database.transaction() as tx:
                return await find_token(tx, secret=secret)

        return await look() if database is self._reserved else await self._tokens.ask(secret, look)

    async def _identify_outside(self, token: str) -> Caller | None:
        """Find out who comes with an outside service's token; None unless somebody linked them to a person of ours."""
        if self._identity is None:
            return None
        who = await self._identity.read_token(token)
        if who is None:
            return None
        async with self._system.transaction() as tx:
            person = await find_identified(tx, issuer=who.issuer, subject=who.subject, expires_at=who.expires_at)
        return None if person is None else Caller(principal=person)

    async def admit(self, request: Request, *, reserved: bool = False) -> Caller:
        """Let in who has proven who they are, and a browser's changes only from a page of ours.

        Refuses `auth.login_required`, `auth.csrf` and `api.too_fast`; the kill switch is pulled at any speed.
        """
        caller = await self.identify(request, reserved=reserved)
        if caller is None:
            raise Refused("auth.login_required", "Log in, or send a token as Authorization: Bearer.", status=401)
        # The source's runbook pulls the kill switch with a cookie and nothing else: a program, no page, may do that.
        by_program = reserved and not any(name in request.headers for name in BROWSER_HEADERS)
        if caller.session is not None and request.method not in SAFE_METHODS and not by_program:
            await self._refuse_forgery(request, caller)
        if not reserved:
            await self.limits.count_caller(request, caller.principal)
        return caller

    def csrf_for(self, connection: HTTPConnection) -> str:
        """Derive what the caller's forms must repeat; empty without a session."""
        cookie = connection.cookies.get(self.cookie, "")
        return self.csrf_of(cookie) if cookie else ""

    def csrf_of(self, session_token: str) -> str:
        """Derive what the forms of a session must repeat."""
        return csrf_token(session_token, key=self._keys.current())

    def refuse_foreign(self, request: Request) -> None:
        """Refuse a browser's request from another site's page (`auth.csrf`)."""
        if not same_origin(request, public_base_url=self._public_base_url):
            raise Refused("auth.csrf", "This request comes from another site's page.", status=403)

    async def _refuse_forgery(self, request: Request, caller: Caller) -> None:
        self.refuse_foreign(request)
        presented = request.headers.get(CSRF_HEADER, "")
        if not presented and request.headers.get("content-type", "").startswith(FORM_TYPES):
            field = (await request.form()).get(CSRF_FIELD)
            presented = field if isinstance(field, str) else ""
        if not any(csrf_matches(caller.session_token, presented, key=key) for key in self._keys.accepted()):
            raise Refused(
                "auth.csrf", "Repeat the session's token in X-CSRF-Token; GET /api/auth/me tells it.", status=403
            )


class ToBusiness:
    """What a route about one business depends on: who may do `scope` there."""

    def __init__(self, entrance: Entrance, parts: Frontdesk, scope: Scope, *, reserved: bool, proven: bool) -> None:
        self.scope = scope
        self.proven = proven
        self._entrance = entrance
        self._clock = parts.clock
        self._database = parts.app
        self._reserved = reserved
        self._businesses: Shared[UUID, None] = Shared()

    async def __call__(self, request: Request) -> Visit:
        """Let the caller in, or refuse; somebody else's business is as unknown as one that does not exist."""
        try:
            return await self._let_in(request)
        except Refused:
            await request.close()  # a file may have come with the form that was read for its token
            raise

    async def _let_in(self, request: Request) -> Visit:
        caller = await self._entrance.admit(request, reserved=self._reserved)
        tenant_id = _named_business(request) or _only_business(request, caller)
        held = caller.principal.scopes_for(tenant_id)
        if not held:
            raise unknown_business()
        if self.scope not in held:
            raise _scope_missing(self.scope)
        if self.proven:
            refuse_unproven(caller.principal, now=self._clock.now())
        if not self._reserved:
            await self._entrance.limits.count_business(request, caller.principal, tenant_id)
        if not self._reserved and _sees_all(caller):
            await self._refuse_unknown(tenant_id)
        return Visit(
            principal=caller.principal,
            tenant_id=tenant_id,
            correlation_id=_correlation_id(),
            database=self._database,
        )

    async def _refuse_unknown(self, tenant_id: UUID) -> None:
        """Whoever may see every business may still name one that does not exist."""

        async def look() -> None:
            async with self._database.transaction(tenant_id) as tx:
                await tenants.get_tenant(tx)

        await self._businesses.ask(tenant_id, look)


class ToPlatform:
    """What a route about all businesses depends on: who may do `scope` for the platform."""

    def __init__(self, entrance: Entrance, parts: Frontdesk, scope: Scope, *, reserved: bool, proven: bool) -> None:
        self.scope = scope
        self.proven = proven
        self._entrance = entrance
        self._clock = parts.clock
        self._database = parts.switches if reserved else parts.system
        self._reserved = reserved

    async def __call__(self, request: Request) -> PlatformVisit:
        """Let the caller in, or refuse."""
        caller = await self._entrance.admit(request, reserved=self._reserved)
        if self.scope not in caller.principal.scopes_for(None):
            raise _scope_missing(self.scope)
        if self.proven:
            refuse_unproven(caller.principal, now=self._clock.now())
        return PlatformVisit(
            principal=caller.principal,
            correlation_id=_correlation_id(),
            database=self._database,
        )


class ToAnybodyKnown:
    """What a route for everybody who is logged in, or has any token, depends on."""

    def __init__(self, entrance: Entrance) -> None:
        self._entrance = entrance

    async def __call__(self, request: Request) -> Caller:
        """Let the caller in, or refuse."""
        return await self._entrance.admit(request)


class FrontDoor:
    """The web's way of letting visitors in; see `kernel.auth.visit.Access`."""

    def __init__(self, parts: Frontdesk) -> None:
        self._parts = parts
        self.entrance = Entrance(parts)
        self.anybody_known = ToAnybodyKnown(self.entrance)

    def to_business(
        self, scope: Scope, *, reserved: bool = False, proven: bool = False
    ) -> Callable[..., Awaitable[Visit]]:
        """Let in who may do `scope` for the business."""
        return ToBusiness(self.entrance, self._parts, scope, reserved=reserved, proven=proven)

    def to_platform(
        self, scope: Scope, *, reserved: bool = False, proven: bool = False
    ) -> Callable[..., Awaitable[PlatformVisit]]:
        """Let in who may do `scope` for the whole platform."""
        return ToPlatform(self.entrance, self._parts, scope, reserved=reserved, proven=proven)


async def list_businesses(system: Database, caller: Caller) -> list[tenants.Tenant]:
    """List the businesses that a caller may look at, by name."""
    async with system.transaction() as tx:
        everything = await tenants.list_tenants(tx)
    return [business for business in everything if caller.principal.scopes_for(business.id)]


def unknown_business() -> Refused:
    """Make the one answer for a business that does not exist and one that is not the caller's."""
    return Refused("tenants.not_found", "no such business", status=404)


def _named_business(request: Request) -> UUID | None:
    """Read the business that the path names, else the header."""
    given = request.path_params.get("tenant_id") or request.headers.get(TENANT_HEADER)
    if not given:
        return None
    try:
        return UUID(str(given))
    except ValueError:
        raise unknown_business() from None


def _only_business(request: Request, caller: Caller) -> UUID:
    """Tell which business is meant when none is named: the token's, the chosen one, or the only one."""
    if isinstance(caller.principal, ApiToken) and caller.principal.tenant_id is not None:
        return caller.principal.tenant_id
    if caller.session is not None:
        chosen = _as_uuid(request.cookies.get(CHOSEN_COOKIE, ""))
        if chosen is not None and caller.session.scopes_for(chosen):
            return chosen
    if isinstance(caller.principal, Session) and len(caller.principal.roles) == 1:
        return next(iter(caller.principal.roles))
    raise Refused("tenants.choose", "Say which business is meant: send its id as X-Tenant-Id.", status=400)


def _sees_all(caller: Caller) -> bool:
    if caller.session is not None:
        return caller.session.platform_admin
    return isinstance(caller.principal, ApiToken) and caller.principal.tenant_id is None


def _as_uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _scope_missing(scope: Scope) -> Refused:
    return Refused("auth.scope_missing", f"This needs the scope {scope.value}.", status=403)


def _correlation_id() -> UUID:
    correlation = current_correlation()
    return new_id() if correlation is None else correlation.correlation_id
