"""Clerk's session tokens: believed only if signed by its key, for us, and of now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import jwt

from frontdesk.kernel.clock import Clock
from frontdesk.ports.identity import OutsideIdentity
from frontdesk.providers.clerk.keys import PublishedKeys
from frontdesk.providers.http import HttpClient

ALGORITHM = "RS256"
LEEWAY_SECONDS = 5
"""How far Clerk's clock may be from ours; its own libraries allow the same."""

MAX_TOKEN_BYTES = 8192
MAX_NAME = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class ClerkAccount:
    """Whose tokens are believed, for whom they must be meant, and where their keys are."""

    issuer: str
    audience: str
    jwks_url: str


class ClerkIdentity:
    """Clerk as an IdentityProvider."""

    def __init__(self, account: ClerkAccount, http: HttpClient, *, clock: Clock) -> None:
        self._account = account
        self._clock = clock
        self._keys = PublishedKeys(account.jwks_url, http, clock=clock)

    async def read_token(self, token: str) -> OutsideIdentity | None:
        """Read a session token; None for anything else.

        The key is looked up by its name among those that Clerk publishes; addresses and keys that a token brings along
        are not looked at. `aud` must be ours, or `azp` where there is no `aud`, as in Clerk's default tokens.
        """
        if len(token) > MAX_TOKEN_BYTES or token.count(".") != 2:  # noqa: PLR2004 - header, claims, signature
            return None
        try:
            header = jwt.get_unverified_header(token)
        except jwt.PyJWTError:
            return None
        name = header.get("kid")
        if header.get("alg") != ALGORITHM or header.get("typ", "JWT") != "JWT" or not isinstance(name, str):
            return None
        key = await self._keys.find(name)
        if key is None:
            return None
        try:
            claims: dict[str, object] = jwt.decode(
                token,
                key,
                algorithms=[ALGORITHM],
                issuer=self._account.issuer,
                options={
                    "require": ["exp", "iat", "nbf", "iss", "sub"],
                    # Ours below: by the clock of the database, and with `azp` for an audience.
                    "verify_exp": False,
                    "verify_nbf": False,
                    "verify_iat": False,
                    "verify_aud": False,
                },
            )
        except (jwt.PyJWTError, ValueError, TypeError):
            return None
        return self._judge(claims)

    def _judge(self, claims: dict[str, object]) -> OutsideIdentity | None:
        now = self._clock.now().timestamp()
        ends, begins, made = (_seconds(claims, name) for name in ("exp", "nbf", "iat"))
        if ends is None or begins is None or made is None:
            return None
        is_of_now = begins - LEEWAY_SECONDS <= now < ends + LEEWAY_SECONDS and made - LEEWAY_SECONDS <= now
        subject = claims.get("sub")
        if not is_of_now or not self._is_for_us(claims) or claims.get("sts", "active") != "active":
            return None
        if not isinstance(subject, str) or not 0 < len(subject) <= MAX_NAME:
            return None
        return OutsideIdentity(
            issuer=self._account.issuer, subject=subject, expires_at=datetime.fromtimestamp(ends, UTC)
        )

    def _is_for_us(self, claims: dict[str, object]) -> bool:
        given = claims.get("aud")
        if given is None:
            return claims.get("azp") == self._account.audience
        return self._account.audience in (given if isinstance(given, list) else [given])


def _seconds(claims: dict[str, object], name: str) -> float | None:
    value = claims.get(name)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and isinstance(value, int | float) and 0 <= value < 10**11 else None
