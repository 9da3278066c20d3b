"""How an owner lets us into a Jobber account: OAuth's code flow; refresh tokens rotate, so each new one is kept."""

from __future__ import annotations

from datetime import datetime, timedelta
from http import HTTPStatus
from urllib.parse import urlencode

import msgspec

from frontdesk.ports.calendars import AccessRevoked, Login
from frontdesk.providers.calendar_api import FIRST_FAILING_STATUS, CalendarApi
from frontdesk.providers.http import HttpClient
from frontdesk.providers.jobber.account import JobberApp

RENEW_BEFORE = timedelta(minutes=5)
LASTS_SECONDS = 3600.0  # of an access token, where the answer does not tell
FORM = (("Content-Type", "application/x-www-form-urlencoded"), ("Accept", "application/json"))


class _Tokens(msgspec.Struct):
    access_token: str
    refresh_token: str = ""
    expires_in: float = LASTS_SECONDS


class JobberConsent:
    """Asks owners of Jobber accounts for their consent."""

    def __init__(self, app: JobberApp, http: HttpClient) -> None:
        self._app = app
        self._api = CalendarApi(http, "jobber", "Jobber")

    def consent_url(self, *, state: str, challenge: str, redirect_uri: str) -> str:
        """Tell the address; what we may see is set where the app is registered."""
        asked = {
            "client_id": self._app.client_id,
            "redirect_uri": redirect_uri,
            "response_type": "code",
            "state": state,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        return f"{self._app.api_base_url}/api/oauth/authorize?{urlencode(asked)}"

    async def redeem(self, *, code: str, verifier: str, redirect_uri: str, now: datetime) -> Login:
        """Turn a code into a login."""
        given = await self._ask(
            {"grant_type": "authorization_code", "code": code, "code_verifier": verifier, "redirect_uri": redirect_uri}
        )
        return _login(given, given.refresh_token, now)

    async def renew(self, login: Login, *, now: datetime) -> Login:
        """Give the same login while it lasts 5 min more, else a new one; a token without an end stays as it is."""
        if not login.refresh_token or (login.expires_at is not None and login.expires_at - now > RENEW_BEFORE):
            return login
        given = await self._ask({"grant_type": "refresh_token", "refresh_token": login.refresh_token})
        return _login(given, given.refresh_token or login.refresh_token, now)

    async def give_back(self, login: Login) -> None:
        """Do nothing: Jobber has no way for it; the owner removes the app."""

    async def _ask(self, form: dict[str, str]) -> _Tokens:
        ours = {"client_id": self._app.client_id, "client_secret": self._app.client_secret}
        url = f"{self._app.api_base_url}/api/oauth/token"
        reply = await self._api.request("POST", url, headers=FORM, body=urlencode({**ours, **form}).encode())
        if reply.status in {HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
            raise AccessRevoked(
                f"Jobber answered {reply.status}: the access is gone", provider="jobber", http_status=reply.status
            )
        if reply.status >= FIRST_FAILING_STATUS:
            raise self._api.failed(reply)
        return self._api.decode(reply, _Tokens)


def _login(given: _Tokens, refresh_token: str, now: datetime) -> Login:
    return Login(
        access_token=given.access_token,
        refresh_token=refresh_token,
        expires_at=now + timedelta(seconds=given.expires_in),
    )
