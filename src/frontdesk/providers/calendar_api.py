"""Requests to calendars: every one may be repeated, so that a silence is never more than a reason to ask again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TypeVar
from urllib.parse import urlsplit

import msgspec

from frontdesk.ports import FailureClass, ProviderError
from frontdesk.providers.http import HttpClient, HttpFailure, HttpResponse, Origin, parse_retry_after

MAX_REPLY_BYTES = 8 * 1024 * 1024  # a page of events; a CalDAV server may put a whole calendar into one
FIRST_FAILING_STATUS = 300

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class CalendarApi:
    """One provider's way over HTTP; `provider` is its key, `company` its name in messages."""

    http: HttpClient
    provider: str
    company: str

    async def request(
        self, method: str, url: str, *, headers: Sequence[tuple[str, str]] = (), body: bytes = b""
    ) -> HttpResponse:
        """Make one request and give its reply, whatever the status; refuses with ProviderError."""
        parts = urlsplit(url)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        try:
            return await self.http.request(
                method=method,
                origin=Origin.parse(url),
                target=target,
                headers=(("User-Agent", "Frontdesk-Calendars/1"), *headers),
                body=body,
                max_response_bytes=MAX_REPLY_BYTES,
            )
        except HttpFailure as failure:
            raise self.unavailable(f"was not heard: {failure}") from failure
        except ValueError as error:
            raise self.rejected("has an address that cannot be asked") from error

    def unavailable(self, what: str, *, retry_after: float | None = None, status: int = 0) -> ProviderError:
        """Tell of a failure that passes."""
        return self._error(what, FailureClass.UNAVAILABLE, permanent=False, retry_after=retry_after, status=status)

    def limited(self, what: str, *, retry_after: float | None, status: int) -> ProviderError:
        """Tell that we asked too often."""
        return self._error(what, FailureClass.RATE_LIMITED, permanent=False, retry_after=retry_after, status=status)

    def rejected(self, what: str, *, status: int = 0, code: str = "") -> ProviderError:
        """Tell of a failure that stays."""
        return self._error(what, FailureClass.REJECTED, permanent=True, status=status, code=code)

    def failed(self, reply: HttpResponse, *, code: str = "") -> ProviderError:
        """Put a reply that is nobody's special case into the port's words."""
        wait = parse_retry_after(reply.header("Retry-After"), datetime.now(UTC))
        what = f"answered {reply.status}{f' ({code})' if code else ''}"
        if reply.status == HTTPStatus.TOO_MANY_REQUESTS:
            return self.limited(what, retry_after=wait, status=reply.status)
        if reply.status >= HTTPStatus.INTERNAL_SERVER_ERROR or reply.status == HTTPStatus.REQUEST_TIMEOUT:
            return self.unavailable(what, retry_after=wait, status=reply.status)
        return self.rejected(what, status=reply.status, code=code)

    def decode(self, reply: HttpResponse, kind: type[_T]) -> _T:
        """Read a JSON body; what is none, or lacks something, is a failure that may pass."""
        try:
            return msgspec.json.decode(reply.body, type=kind)
        except msgspec.MsgspecError as error:
            raise self.unavailable("gave an answer that cannot be read", status=reply.status) from error

    def _error(
        self,
        what: str,
        failure: FailureClass,
        *,
        permanent: bool,
        retry_after: float | None = None,
        status: int = 0,
        code: str = "",
    ) -> ProviderError:
        return ProviderError(
            f"{self.company} {what}",
            provider=self.provider,
            failure=failure,
            permanent=permanent,
            retry_after=retry_after,
            provider_code=code,
            http_status=status,
        )
