"""Fetch what Twilio stores for us (voicemails, pictures) and delete it there, without following it anywhere else."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from frontdesk.kernel.clock import Clock
from frontdesk.kernel.errors import Refused
from frontdesk.ports import FailureClass, ProviderError
from frontdesk.providers.http import HttpClient, HttpFailure, HttpResponse, Origin
from frontdesk.providers.twilio.account import TwilioAccount
from frontdesk.providers.twilio.errors import PROVIDER, REFUSALS, error_from_reply

MAX_MEDIA_BYTES = 20 * 1024 * 1024
MEDIA_DEADLINE_SECONDS = 60.0
MAX_REDIRECTS = 2

_API_HOST = re.compile(r"api(?:\.[a-z0-9-]+){0,2}\.twilio\.com", re.ASCII)
_MEDIA_HOST = re.compile(r"(?:[a-z0-9-]+\.)+(?:twilio\.com|twiliocdn\.com)", re.ASCII)
_BUCKET_HOST = re.compile(r"s3[a-z0-9.-]*\.amazonaws\.com", re.ASCII)
_BUCKET_PATH = "/media.twiliocdn.com/"
_RECORDING_SID = re.compile(r"RE[0-9a-fA-F]{32}", re.ASCII)
_OK, _NO_CONTENT, _NOT_FOUND = 200, 204, 404
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


@dataclass(frozen=True, slots=True)
class FetchedMedia:
    """A file that Twilio kept for us."""

    content_type: str
    body: bytes


class TwilioMedia:
    """The recordings and attachments of one account."""

    def __init__(self, account: TwilioAccount, http: HttpClient, *, clock: Clock) -> None:
        self._account = account
        self._http = http
        self._clock = clock
        self._origin = Origin.parse(account.api_base_url)

    async def fetch_media(self, url: str, *, max_bytes: int = MAX_MEDIA_BYTES) -> FetchedMedia:
        """Fetch a recording or attachment by the URL a verified webhook gave, within 60 s per request.

        Credentials go to the account's API address alone, over https to Twilio's own API hosts. A redirect is
        followed without them, twice at most, and only to where Twilio keeps media. Refuses
        `twilio.foreign_media_url` for any other address, and with ProviderError.
        """
        address = url
        for hop in range(MAX_REDIRECTS + 1):
            origin, target, with_credentials = self._allow(address, redirected=hop > 0)
            reply = await self._request(
                "GET", origin=origin, target=target, with_credentials=with_credentials, max_bytes=max_bytes
            )
            if reply.status == _OK:
                return FetchedMedia(reply.header("content-type") or "application/octet-stream", reply.body)
            location = reply.header("location")
            if reply.status not in _REDIRECTS or not location:
                raise error_from_reply(reply, now=self._clock.now(), may_repeat=True)
            address = _join(address, location)
        raise ProviderError(
            "Twilio's media lies behind too many redirects",
            provider=PROVIDER,
            failure=FailureClass.REJECTED,
            permanent=True,
        )

    async def delete_recording(self, recording_id: str) -> None:
        """Delete a recording at Twilio; one that is gone already is a success.

        Refuses `twilio.bad_recording_id`, and with ProviderError.
        """
        if not _RECORDING_SID.fullmatch(recording_id):
            raise Refused("twilio.bad_recording_id", "A Twilio recording id is RE and 32 hex digits.", status=422)
        reply = await self._request(
            "DELETE",
            origin=self._origin,
            target=f"/2010-04-01/Accounts/{self._account.account_sid}/Recordings/{recording_id}.json",
            with_credentials=True,
            max_bytes=MAX_MEDIA_BYTES,
        )
        if reply.status not in {_OK, _NO_CONTENT, _NOT_FOUND}:
            raise error_from_reply(reply, now=self._clock.now(), may_repeat=True)

    def _allow(self, url: str, *, redirected: bool) -> tuple[Origin, str, bool]:
        """Split an address into origin and target and say whether it may see the credentials; refuse foreign ones."""
        try:
            origin = Origin.parse(url)
            parts = urlsplit(url)
        except ValueError:
            raise _foreign() from None
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        if origin == self._origin:
            return origin, target, not redirected
        if origin.scheme != "https" or origin.port != 443:  # noqa: PLR2004 - the https port
            raise _foreign()
        if _API_HOST.fullmatch(origin.host) and _API_HOST.fullmatch(self._origin.host) and not redirected:
            return origin, target, self._origin.scheme == "https"
        in_bucket = _BUCKET_HOST.fullmatch(origin.host) and target.startswith(_BUCKET_PATH)
        if _MEDIA_HOST.fullmatch(origin.host) or (redirected and in_bucket):
            return origin, target, False
        raise _foreign()

    async def _request(
        self, method: str, *, origin: Origin, target: str, with_credentials: bool, max_bytes: int
    ) -> HttpResponse:
        headers = [("User-Agent", "frontdesk"), ("Accept", "*/*")]
        if with_credentials:
            headers.append(("Authorization", self._account.authorization))
        try:
            return await self._http.request(
                method=method,
                origin=origin,
                target=target,
                headers=headers,
                deadline_seconds=MEDIA_DEADLINE_SECONDS,
                max_response_bytes=max_bytes,
            )
        except HttpFailure as failure:
            raise REFUSALS.from_failure(failure, may_repeat=True) from failure
        except ValueError:
            raise _foreign() from None


def _join(address: str, location: str) -> str:
    try:
        return urljoin(address, location)
    except ValueError:
        raise _foreign() from None


def _foreign() -> Refused:
    return Refused("twilio.foreign_media_url", "The media's address is not one of Twilio's.", status=422)
