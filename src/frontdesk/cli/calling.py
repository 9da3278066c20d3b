"""Requests to our own web process: as a program with a token, or as a provider with a signature."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from types import TracebackType
from typing import Self
from urllib.parse import urlencode, urlsplit

import msgspec

from frontdesk.providers.http import HttpClient, HttpFailure, HttpResponse, Origin
from frontdesk.providers.twilio import TwilioAccount

FORM = "application/x-www-form-urlencoded"


def signed_webhook(account: TwilioAccount, url: str, fields: Mapping[str, str]) -> tuple[list[tuple[str, str]], bytes]:
    """Make the headers and body of a webhook that Twilio would send for `account` to `url`.

    The signature is base64(HMAC-SHA1(auth token, URL + each sorted name and value)), as Twilio documents it.
    """
    signed = url + "".join(name + fields[name] for name in sorted(fields))
    digest = hmac.digest(account.auth_token.encode(), signed.encode(), hashlib.sha1)
    headers = [
        ("Content-Type", f"{FORM}; charset=utf-8"),
        ("User-Agent", "TwilioProxy/1.1"),
        ("X-Twilio-Signature", base64.b64encode(digest).decode("ascii")),
    ]
    return headers, urlencode(fields).encode("ascii")


class Caller:
    """Speaks to one web process; use it as an async context manager."""

    def __init__(self, base_url: str, *, token: str = "", connections: int = 64) -> None:
        self.base_url = base_url.rstrip("/")
        self._origin = Origin.parse(self.base_url)
        self._prefix = urlsplit(self.base_url).path
        self._token = token
        self._tenant_id = ""
        self._http = HttpClient(connections_per_origin=connections)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        await self._http.close()

    def speak_for(self, tenant_id: str) -> None:
        """Name the business that further requests are about."""
        self._tenant_id = tenant_id

    async def get(self, path: str) -> HttpResponse:
        """Ask for a page or document."""
        return await self._ask("GET", path, [], b"")

    async def get_json(self, path: str) -> object:
        """Ask for a JSON document; a refusal is a `LookupError` with its status and text."""
        reply = await self.get(path)
        if reply.status != 200:  # noqa: PLR2004 - OK
            raise LookupError(f"GET {path}: {reply.status} {reply.body[:300].decode(errors='replace')}")
        return msgspec.json.decode(reply.body)

    async def post_json(self, path: str, document: object) -> HttpResponse:
        """Send a JSON document."""
        body = msgspec.json.encode(document)
        return await self._ask("POST", path, [("Content-Type", "application/json")], body)

    async def patch_json(self, path: str, document: object) -> HttpResponse:
        """Change something by a JSON document."""
        body = msgspec.json.encode(document)
        return await self._ask("PATCH", path, [("Content-Type", "application/json")], body)

    async def get_elsewhere(self, url: str) -> HttpResponse:
        """Ask for a page of somebody else; our token stays here."""
        parts = urlsplit(url)
        target = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
        return await self._http.request(method="GET", origin=Origin.parse(url), target=target)

    async def post_webhook(self, account: TwilioAccount, path: str, fields: Mapping[str, str]) -> HttpResponse:
        """Send a webhook as the provider would, signed."""
        headers, body = signed_webhook(account, self.base_url + path, fields)
        return await self.post_raw(path, headers, body)

    async def post_raw(self, path: str, headers: list[tuple[str, str]], body: bytes) -> HttpResponse:
        """Send bytes as they are."""
        return await self._ask("POST", path, headers, body, with_token=False)

    async def answers(self, path: str) -> bool:
        """Tell whether a page is answered with 200 now."""
        try:
            return (await self.get(path)).status == 200  # noqa: PLR2004 - OK
        except HttpFailure:
            return False

    async def _ask(
        self, method: str, path: str, headers: list[tuple[str, str]], body: bytes, *, with_token: bool = True
    ) -> HttpResponse:
        known = [("Authorization", f"Bearer {self._token}")] if self._token and with_token else []
        if self._tenant_id and with_token:
            known.append(("X-Tenant-Id", self._tenant_id))
        return await self._http.request(
            method=method, origin=self._origin, target=self._prefix + path, headers=[*known, *headers], body=body
        )
