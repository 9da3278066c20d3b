"""One account's way to its company's API: a request is one request, and its failure is told in the port's words."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

from frontdesk.ports import OutboundText
from frontdesk.providers.http import MAX_RESPONSE_BYTES, HttpClient, HttpFailure, HttpResponse, Origin
from frontdesk.providers.refusals import Refusals


class AccountApi:
    """Requests in the name of one account; `http` is shared by all accounts and closed by its owner.

    `base_url` is an origin without a path; anything else is a ValueError. `content_type` is that of what is posted.
    """

    def __init__(
        self, http: HttpClient, refusals: Refusals, *, base_url: str, authorization: str, content_type: str
    ) -> None:
        if urlsplit(base_url).path not in {"", "/"}:
            raise ValueError("api_base_url is an origin, without a path")
        self._http = http
        self._refusals = refusals
        self._origin = Origin.parse(base_url)
        self._headers = (("Authorization", authorization), ("Accept", "application/json"), ("User-Agent", "frontdesk"))
        self._posting_headers = (*self._headers, ("Content-Type", content_type))

    async def post_text(
        self,
        text: OutboundText,
        *,
        target: str,
        body: bytes,
        starting: Callable[[], None],
        headers: tuple[tuple[str, str], ...] = (),
    ) -> HttpResponse:
        """Post a text once with a total deadline of 10 s; refuses with ProviderError, also what is past its validity.

        `starting` is called right before the first byte is written and may call it off by raising.
        """
        if text.validity_seconds < 1:
            raise self._refusals.past_validity()
        try:
            return await self._http.request(
                method="POST",
                origin=self._origin,
                target=target,
                headers=(*self._posting_headers, *headers),
                body=body,
                on_request_started=lambda _moment: starting(),
            )
        except HttpFailure as failure:
            raise self._refusals.from_failure(failure, may_repeat=False) from failure

    async def post(self, target: str, body: bytes) -> HttpResponse:
        """Post something once with a total deadline of 10 s; refuses with ProviderError."""
        try:
            return await self._http.request(
                method="POST", origin=self._origin, target=target, headers=self._posting_headers, body=body
            )
        except HttpFailure as failure:
            raise self._refusals.from_failure(failure, may_repeat=False) from failure

    async def get(self, target: str, *, max_response_bytes: int = MAX_RESPONSE_BYTES) -> HttpResponse:
        """Read what is there; refuses with ProviderError, and with ValueError a target that breaks the framing."""
        try:
            return await self._http.request(
                method="GET",
                origin=self._origin,
                target=target,
                headers=self._headers,
                max_response_bytes=max_response_bytes,
            )
        except HttpFailure as failure:
            raise self._refusals.from_failure(failure, may_repeat=True) from failure
