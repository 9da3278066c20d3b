"""How an owner lets us into a Google account: the code flow with PKCE (RFC 7636), and tokens that are renewed."""

from __future__ import annotations

from datetime import datetime, timedelta
from urllib.parse import urlencode

import msgspec

from frontdesk.ports.calendars import Login
from frontdesk.ports.errors import ProviderError
from frontdesk.providers.calendar_api import FIRST_FAILING_STATUS, CalendarApi
from frontdesk.providers.google.account import GoogleApp
from frontdesk.providers.google.errors import grant_refusal
from frontdesk.providers.http import HttpClient

SCOPES = (
    "https://www.googleapis.com/auth/calendar.events",
    "https://www.googleapis.com/auth/calendar.calendarlist.readonly",
    "https://www.googleapis.com/auth/calendar.freebusy",
)
RENEW_BEFORE = timedelta(minutes=5)
FORM = (("Content-Type", "application/x-www-form-urlencoded"), ("Accept", "application/json"))


class _Tokens(msgspec.Struct):
    access_token: str
    expires_in: float
    refresh_token: str = ""
    scope: str = ""


class GoogleConsent:
    """Asks owners of Google accounts for their consent."""

    def __init__(self, app: GoogleApp, http: HttpClient) -> None:
        self._app = app
        self._api = CalendarApi(http, "google", "Google")

    def consent_url(self, *, state: str, challenge: str, redirect_uri: str) -> str:
        """Tell the address; `prompt=consent` because Google gives a refresh token only with a fresh consent."""
        asked = {
            "client_id": self._app.client_id,
            "redirect_uri": redirect_uri,
            "response_type": "code",
            "scope": " ".join(SCOPES),
            "access_type": "offline",
            "prompt": "consent",
            "include_granted_scopes": "false",
            "state": state,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        return f"{self._app.consent_url}?{urlencode(asked)}"

    async def redeem(self, *, code: str, verifier: str, redirect_uri: str, now: datetime) -> Login:
        """Turn a code into a login; one without a refresh token or without a right we need is refused."""
        given = await self._ask(
            {"grant_type": "authorization_code", "code": code, "code_verifier": verifier, "redirect_uri": redirect_uri}
        )
        granted = set(given.scope.split())
        if granted and SCOPES[0] not in granted:
            raise self._api.rejected("was not allowed by the owner to give us the calendar's events")
        if not given.refresh_token:
            raise self._api.rejected("gave no refresh token")
        return _login(given, given.refresh_token, now)

    async def renew(self, login: Login, *, now: datetime) -> Login:
        """Give the same login while it lasts 5 min more, else a new one; refuses with AccessRevoked."""
        if login.access_token and login.expires_at is not None and login.expires_at - now > RENEW_BEFORE:
            return login
        given = await self._ask({"grant_type": "refresh_token", "refresh_token": login.refresh_token})
        return _login(given, given.refresh_token or login.refresh_token, now)

    async def give_back(self, login: Login) -> None:
        """Tell Google that we no longer want the access; that it does not listen is no harm."""
        body = urlencode({"token": login.refresh_token}).encode()
        try:
            await self._api.request("POST", self._app.revoke_url, headers=FORM, body=body)
        except ProviderError:
            return

    async def _ask(self, form: dict[str, str]) -> _Tokens:
        ours = {"client_id": self._app.client_id, "client_secret": self._app.client_secret}
        body = urlencode({**ours, **form}).encode()
        reply = await self._api.request("POST", self._app.token_url, headers=FORM, body=body)
        if reply.status >= FIRST_FAILING_STATUS:
            raise grant_refusal(self._api, reply)
        return self._api.decode(reply, _Tokens)


def _login(given: _Tokens, refresh_token: str, now: datetime) -> Login:
    return Login(
        access_token=given.access_token,
        refresh_token=refresh_token,
        expires_at=now + timedelta(seconds=given.expires_in),
    )
