"""Google's consent page and its token endpoint; the pretended owner always says yes, unless they are told to say no."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Mapping
from urllib.parse import parse_qsl, urlencode

from aiohttp import web

from frontdesk.providers.twin.doorway import Asked, Told
from frontdesk.providers.twin.google.errors import grant_declined
from frontdesk.providers.twin.google.state import TOKEN_LASTS, Consent, GoogleState
from frontdesk.providers.twin.world import World


class ConsentDesk:
    """Gives out codes and tokens."""

    def __init__(self, world: World, state: GoogleState, *, client_id: str, client_secret: str) -> None:
        self._world = world
        self._state = state
        self._client_id = client_id
        self._client_secret = client_secret
        self.refuses = False

    async def ask_owner(self, request: web.Request) -> web.Response:
        """Send the browser back at once with a code, as an owner who consents does."""
        asked = request.query
        target = asked.get("redirect_uri", "")
        if asked.get("client_id") != self._client_id or asked.get("response_type") != "code" or not target:
            return web.Response(status=400, text="Error 400: invalid_request")
        if self.refuses:
            back = {"error": "access_denied", "state": asked.get("state", "")}
        else:
            code = f"4/{secrets.token_urlsafe(24)}"
            scope = asked.get("scope", "")
            self._state.codes[code] = Consent(asked.get("code_challenge", ""), target, scope)
            back = {"code": code, "state": asked.get("state", ""), "scope": scope}
        return web.Response(status=302, headers={"Location": f"{target}?{urlencode(back)}"})

    def give_tokens(self, asked: Asked) -> Told:
        """Redeem a code, or renew an access token."""
        form = dict(parse_qsl(asked.body.decode(errors="replace")))
        if form.get("client_id") != self._client_id or form.get("client_secret") != self._client_secret:
            raise grant_declined("invalid_client", "The OAuth client was not found.")
        document: dict[str, object] = {"expires_in": int(TOKEN_LASTS.total_seconds()), "token_type": "Bearer"}
        match form.get("grant_type"):
            case "authorization_code":
                document["scope"] = self._redeem(form).scope
                document["refresh_token"] = refresh = f"1//{secrets.token_urlsafe(24)}"
                self._state.refresh.add(refresh)
            case "refresh_token" if form.get("refresh_token") in self._state.refresh:
                pass
            case "refresh_token":
                raise grant_declined("invalid_grant", "Token has been expired or revoked.")
            case _:
                raise grant_declined("unsupported_grant_type", "Invalid grant_type")
        return Told(document={"access_token": self._state.let_in(self._world.now()), **document})

    def take_back(self, asked: Asked) -> Told:
        """Forget a refresh token."""
        form = dict(parse_qsl(asked.body.decode(errors="replace")))
        self._state.refresh.discard(form.get("token", "") or asked.query.get("token", ""))
        return Told(document={})

    def _redeem(self, form: Mapping[str, str]) -> Consent:
        consent = self._state.codes.pop(form.get("code", ""), None)
        if consent is None or form.get("redirect_uri") != consent.redirect_uri:
            raise grant_declined("invalid_grant", "Malformed auth code.")
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        if consent.challenge and base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != consent.challenge:
            raise grant_declined("invalid_grant", "Invalid code verifier.")
        return consent
