"""Who may do what: roles, scopes, people, sessions and tokens, without a database."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import NewType, Protocol
from uuid import UUID

from frontdesk.kernel import actor as actors
from frontdesk.kernel.actor import Actor
from frontdesk.kernel.errors import Refused

TOKEN_BYTES = 32
TOKEN_PREFIX = "fd_"  # noqa: S105 - the mark by which people and scanners know our tokens
SHOWN_PREFIX_LENGTH = 11
MAX_EMAIL_LENGTH = 254
_EMAIL = re.compile(r"[^\s@<>\"',;:()\[\]\\]{1,64}@[a-z0-9\-]+(?:\.[a-z0-9\-]+)*")

PasswordHash = NewType("PasswordHash", str)


class Role(StrEnum):
    """What a person is to a business."""

    OWNER = "owner"
    MANAGER = "manager"
    AGENT = "agent"
    AUDITOR = "auditor"


class Scope(StrEnum):
    """What a session or token may be allowed to do; the vocabulary is closed."""

    CALLS_READ = "calls:read"
    MESSAGES_READ = "messages:read"
    MESSAGES_SEND = "messages:send"
    CONTACTS_READ = "contacts:read"
    CONTACTS_WRITE = "contacts:write"
    CONTACTS_EXPORT = "contacts:export"
    CONSENT_READ = "consent:read"
    CONSENT_WRITE = "consent:write"
    DELIVERY_READ = "delivery:read"
    DELIVERY_PAUSE = "delivery:pause"
    DELIVERY_RESUME = "delivery:resume"
    BOOKING_READ = "booking:read"
    BOOKING_WRITE = "booking:write"
    BILLING_READ = "billing:read"
    BILLING_WRITE = "billing:write"
    CAMPAIGNS_READ = "campaigns:read"
    CAMPAIGNS_WRITE = "campaigns:write"
    CAMPAIGNS_APPROVE = "campaigns:approve"
    TENANTS_READ = "tenants:read"
    TENANTS_WRITE = "tenants:write"
    NUMBERS_READ = "numbers:read"
    NUMBERS_WRITE = "numbers:write"
    MEMBERS_READ = "members:read"
    MEMBERS_WRITE = "members:write"
    HOOKS_READ = "hooks:read"
    HOOKS_WRITE = "hooks:write"
    TOKENS_READ = "tokens:read"
    TOKENS_WRITE = "tokens:write"
    AUDIT_READ = "audit:read"
    SIMULATE = "simulate"
    METRICS_READ = "metrics:read"
    OPERATIONS_READ = "operations:read"
    OPERATIONS_WRITE = "operations:write"
    OPERATIONS_APPROVE = "operations:approve"


# What concerns every business at once; no business can hold or grant it.
PLATFORM_SCOPES = frozenset(
    {Scope.METRICS_READ, Scope.OPERATIONS_READ, Scope.OPERATIONS_WRITE, Scope.OPERATIONS_APPROVE}
)
_OWNER = frozenset(Scope) - PLATFORM_SCOPES
_READING = frozenset(scope for scope in _OWNER if scope.endswith(":read"))
ROLE_SCOPES: Mapping[Role, frozenset[Scope]] = {
    Role.OWNER: _OWNER,
    Role.MANAGER: _OWNER - {Scope.TOKENS_WRITE, Scope.TENANTS_WRITE},
    # Anyone who works there may pull the brake; letting go of it takes a manager.
    Role.AGENT: frozenset(
        {
            Scope.CALLS_READ,
            Scope.MESSAGES_READ,
            Scope.MESSAGES_SEND,
            Scope.CONTACTS_READ,
            Scope.CONTACTS_WRITE,
            Scope.CONSENT_READ,
            Scope.CONSENT_WRITE,
            Scope.DELIVERY_READ,
            Scope.DELIVERY_PAUSE,
            Scope.BOOKING_READ,
            Scope.BOOKING_WRITE,
            Scope.CAMPAIGNS_READ,
            Scope.CAMPAIGNS_WRITE,
            Scope.TENANTS_READ,
            Scope.NUMBERS_READ,
            Scope.MEMBERS_READ,
        }
    ),
    Role.AUDITOR: _READING,
}


class Principal(Protocol):
    """Whoever makes a request."""

    @property
    def actor(self) -> Actor:
        """Name the requester wherever it is written down who did something."""
        ...

    def scopes_for(self, tenant_id: UUID | None) -> frozenset[Scope]:
        """List what may be done for a tenant; None asks about the whole platform."""
        ...


@dataclass(frozen=True, slots=True)
class User:
    """A person who can log in."""

    id: UUID
    email: str
    name: str
    platform_admin: bool
    disabled_at: datetime | None


@dataclass(frozen=True, slots=True)
class Session:
    """A logged-in person; read anew with every request, so a lost role is lost at once."""

    id: UUID
    user_id: UUID
    email: str
    name: str
    platform_admin: bool
    roles: Mapping[UUID, Role]
    created_at: datetime
    idle_expires_at: datetime
    expires_at: datetime
    proven_at: datetime

    @property
    def actor(self) -> Actor:
        """Name the person wherever it is written down who did something."""
        return actors.person(self.user_id, self.email)

    def scopes_for(self, tenant_id: UUID | None) -> frozenset[Scope]:
        """List what the person may do for a tenant (None: for the platform)."""
        if self.platform_admin:
            return frozenset(Scope)
        role = None if tenant_id is None else self.roles.get(tenant_id)
        return frozenset() if role is None else ROLE_SCOPES[role]


@dataclass(frozen=True, slots=True)
class OpenSession:
    """A login that has not ended, as its person sees it in a list."""

    id: UUID
    created_at: datetime
    last_seen_at: datetime
    user_agent: str


@dataclass(frozen=True, slots=True)
class ApiToken:
    """A program that may call us; the token itself is known to its holder alone."""

    id: UUID
    tenant_id: UUID | None
    name: str
    prefix: str
    scopes: frozenset[Scope]
    created_by: str
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None

    @property
    def actor(self) -> Actor:
        """Name the token wherever it is written down who did something."""
        return actors.program(self.id, self.name)

    def scopes_for(self, tenant_id: UUID | None) -> frozenset[Scope]:
        """List what the token may do for a tenant (None: for the platform)."""
        return self.scopes if self.tenant_id is None or self.tenant_id == tenant_id else frozenset()


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """A new token; `secret` is shown once and kept nowhere."""

    token: ApiToken
    secret: str

    def __repr__(self) -> str:
        return f"IssuedToken({self.token!r})"


@dataclass(frozen=True, slots=True)
class SessionLifetime:
    """How long a login lasts: without a request, and at most."""

    idle: timedelta
    absolute: timedelta


@dataclass(frozen=True, slots=True)
class LoginLimits:
    """How many failed tries a window allows before more are turned away.

    An address from which the account was entered in the last 30 days is held to its own limit only, so nobody can lock
    a person out by failing on purpose.
    """

    window: timedelta = timedelta(minutes=15)
    per_account: int = 10
    per_address: int = 30
    overall: int = 300


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """The person is in; `token` goes into a cookie and is kept nowhere else."""

    session: Session
    token: str

    def __repr__(self) -> str:
        return f"LoggedIn({self.session!r})"


@dataclass(frozen=True, slots=True)
class CodeNeeded:
    """The password was right; `token` goes into a cookie of its own and lets nobody in without a code."""

    token: str
    expires_at: datetime

    def __repr__(self) -> str:
        return f"CodeNeeded(expires_at={self.expires_at!r})"


@dataclass(frozen=True, slots=True)
class LoginRefused:
    """The person or the password is wrong; which of them is not told."""


@dataclass(frozen=True, slots=True)
class LoginThrottled:
    """Too many tries; `reason` is account, address or everyone."""

    reason: str
    retry_after: timedelta


LoginResult = LoggedIn | CodeNeeded | LoginRefused | LoginThrottled


def new_token(prefix: str = "") -> str:
    """Make an unguessable token of 256 random bits."""
    return prefix + secrets.token_urlsafe(TOKEN_BYTES)


def token_hash(token: str) -> bytes:
    """Compute what is kept of a token; 256 random bits need no slow hash."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def csrf_token(session_token: str, *, key: str) -> str:
    """Derive the token that every changing request of a session must repeat outside its cookie; `key` is ours alone."""
    session = session_token.encode("utf-8", "surrogatepass")
    return hmac.new(key.encode(), b"frontdesk csrf v1/" + session, hashlib.sha256).hexdigest()


def csrf_matches(session_token: str, presented: str, *, key: str) -> bool:
    """Tell whether a request repeats its session's token, in constant time."""
    return hmac.compare_digest(csrf_token(session_token, key=key).encode(), presented.encode("utf-8", "surrogatepass"))


def normal_email(email: str) -> str:
    """Bring an e-mail address into the one form we keep; refuses `auth.email_invalid`."""
    normal = unicodedata.normalize("NFKC", email).strip().lower()
    if len(normal) > MAX_EMAIL_LENGTH or _EMAIL.fullmatch(normal) is None:
        raise Refused(
            "auth.email_invalid", "This is not an e-mail address. Write it like name@example.com.", status=422
        )
    return normal


def throttled_address(ip: str) -> str:
    """Name whom a try is counted against: an IPv4 address, or the /64 network that one IPv6 customer owns."""
    address: IPv4Address | IPv6Address = ip_address(ip)
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ip_network((int(address), 64), strict=False).network_address)
    return str(address)
