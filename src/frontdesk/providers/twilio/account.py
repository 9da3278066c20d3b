"""One Twilio account: its credentials, its address and the secrets its webhooks are signed with."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from urllib.parse import quote

from frontdesk.providers.account_api import AccountApi
from frontdesk.providers.http import HttpClient
from frontdesk.providers.twilio.errors import REFUSALS


@dataclass(frozen=True, slots=True)
class SharedKey:
    """A webhook signing key of Twilio's webhook configuration API; `key_id` is `webhooks_sharedkey_...`."""

    key_id: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class TwilioAccount:
    """Everything needed to speak for one account; secrets stay out of its repr.

    `secondary_auth_token` also verifies webhooks, for the hours in which Twilio is switched from one token to the
    other. With `api_key_sid` and `api_key_secret` requests use the key and not the auth token. `api_base_url` is an
    origin without a path. With `messaging_service_sid` texts go through that Messaging Service.
    """

    account_sid: str
    auth_token: str = field(repr=False)
    secondary_auth_token: str = field(default="", repr=False)
    api_key_sid: str = ""
    api_key_secret: str = field(default="", repr=False)
    api_base_url: str = "https://api.twilio.com"
    messaging_service_sid: str = ""
    shared_keys: tuple[SharedKey, ...] = ()

    @property
    def authorization(self) -> str:
        """The Authorization header's value: basic, by API key if there is one."""
        by_key = bool(self.api_key_sid and self.api_key_secret)
        user, secret = (self.api_key_sid, self.api_key_secret) if by_key else (self.account_sid, self.auth_token)
        return "Basic " + base64.b64encode(f"{user}:{secret}".encode()).decode("ascii")

    def open_api(self, http: HttpClient) -> AccountApi:
        """Make the way to what Twilio keeps of this account; `http` is closed by its owner."""
        return AccountApi(
            http,
            REFUSALS,
            base_url=self.api_base_url,
            authorization=self.authorization,
            content_type="application/x-www-form-urlencoded",
        )

    def target(self, resource: str) -> str:
        """Make the path of a resource of this account, as `Messages.json`."""
        return f"/2010-04-01/Accounts/{quote(self.account_sid, safe='')}/{resource}"

    @property
    def auth_tokens(self) -> tuple[str, ...]:
        """The auth tokens that verify a webhook; never an empty one."""
        return tuple(token for token in (self.auth_token, self.secondary_auth_token) if token)
