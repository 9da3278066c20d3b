"""News of calendars: Google's push messages, proven by a token of ours, and Jobber's signed webhooks."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from uuid import UUID

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from frontdesk.features.scheduling.model.calendars import CalendarCompany
from frontdesk.features.scheduling.queries.calendars import find_channel
from frontdesk.features.scheduling.queries.calendars_accounts import list_of_account
from frontdesk.features.scheduling.service.calendars import (
    note_account_news,
    note_push,
    note_revoked,
    secret_matches,
)
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.ids import new_id
from frontdesk.kernel.intake import Webhook, take_in
from frontdesk.providers.google import Push, PushState, read_push
from frontdesk.providers.jobber import News, verify
from frontdesk.web.webhooks.receiving import TOO_SLOW, TooLarge, note_taken, read_body, refuse
from frontdesk.wiring import CALENDAR_TOPIC, Frontdesk

KEPT_HEADERS = ("content-type", "user-agent", "x-forwarded-for", "x-goog-channel-id", "x-goog-resource-state")
BODY_SECONDS = 0.7  # Jobber waits 1 s for the whole answer
BELONGS_TO_NOBODY = 404
LEFT = "APP_DISCONNECT"


class CalendarWebhooks:
    """Takes in what Google and Jobber tell of calendars; the reading itself is done by a worker, at once."""

    def __init__(self, parts: Frontdesk) -> None:
        self._parts = parts

    async def google(self, request: Request) -> Response:
        """Take in a push message of a channel that we opened, with the token that we gave it."""
        push = read_push(request.headers)
        channel = None if push is None else _as_uuid(push.channel_id)
        if push is None or channel is None:
            return refuse(self._parts, request, reason="no_push_message", status=400, provider="google")
        async with self._parts.system.transaction() as tx:
            found = await find_channel(tx, channel_id=channel)
        if found is None:
            # One that was closed, or is just being opened: its first message says nothing that we need.
            return Response(status_code=BELONGS_TO_NOBODY)
        calendar_id, tenant_id, connection_id, kept = found
        if not secret_matches(push.token, kept):
            return refuse(self._parts, request, reason="wrong_token", status=403, provider="google")
        changed = push.state is not PushState.SYNC

        async def change(tx: Transaction) -> None:
            await note_push(tx, calendar_id=calendar_id, connection_id=connection_id, changed=changed)

        await self._take_in(_of_google(push, request), change, tenant_id=tenant_id)
        return Response(status_code=200)

    async def jobber(self, request: Request) -> Response:
        """Take in signed news, for every business that has connected the account."""
        body = await self._read(request)
        if isinstance(body, Response):
            return body
        secret = self._parts.settings.jobber.client_secret
        if secret is None:
            return refuse(self._parts, request, reason="no_credentials", status=404, provider="jobber")
        news = verify(body=body, headers=request.headers, client_secret=secret.get_secret_value())
        if news is None:
            return refuse(self._parts, request, reason="wrong_signature", status=403, provider="jobber")
        async with self._parts.system.transaction() as tx:
            found = await list_of_account(tx, provider=CalendarCompany.JOBBER, provider_account_id=news.account_id)
        for connection_id, tenant_id in found:
            await self._tell(_of_jobber(news, request, body, connection_id), news, connection_id, tenant_id)
        if not found:
            await self._keep_only(_of_jobber(news, request, body, None))
        return Response(status_code=200)

    async def _tell(self, webhook: Webhook, news: News, connection_id: UUID, tenant_id: UUID) -> None:
        async def change(tx: Transaction) -> None:
            if news.topic == LEFT:
                await note_revoked(tx, connection_id=connection_id, because="the app was removed at Jobber")
            else:
                await note_account_news(tx, connection_id=connection_id)

        await self._take_in(webhook, change, tenant_id=tenant_id)

    async def _keep_only(self, webhook: Webhook) -> None:
        """Record news of an account that nobody has connected."""

        async def nothing(_tx: Transaction) -> None:
            return None

        note_taken(self._parts, webhook, new=await take_in(self._parts.system, webhook, nothing, tenant_id=None))

    async def _take_in(
        self, webhook: Webhook, change: Callable[[Transaction], Awaitable[None]], *, tenant_id: UUID
    ) -> None:
        new = await take_in(self._parts.app, webhook, change, tenant_id=tenant_id)
        note_taken(self._parts, webhook, new=new)
        if new:
            self._parts.presence.wake(CALENDAR_TOPIC)

    async def _read(self, request: Request) -> bytes | Response:
        try:
            async with asyncio.timeout(BODY_SECONDS):
                return await read_body(request)
        except TooLarge:
            return refuse(self._parts, request, reason="too_large", status=413, provider="jobber")
        except TimeoutError:
            return refuse(self._parts, request, reason="too_slow", status=TOO_SLOW, provider="jobber")
        except ClientDisconnect:
            return refuse(self._parts, request, reason="disconnected", status=400, provider="jobber")


def _of_google(push: Push, request: Request) -> Webhook:
    return Webhook(
        provider="google",
        kind=f"calendar.{push.state.value}",
        dedupe_key=push.dedupe_key,
        content_type=request.headers.get("content-type", ""),
        body=b"",
        headers=_kept(request),
        correlation_id=new_id(),
    )


def _of_jobber(news: News, request: Request, body: bytes, connection_id: UUID | None) -> Webhook:
    whose = "" if connection_id is None else f":{connection_id}"
    return Webhook(
        provider="jobber",
        kind=news.topic.lower()[:100],
        dedupe_key=news.dedupe_key + whose,
        content_type=request.headers.get("content-type", ""),
        body=body,
        headers=_kept(request),
        correlation_id=new_id(),
    )


def _kept(request: Request) -> dict[str, str]:
    return {name: value for name in KEPT_HEADERS if (value := request.headers.get(name)) is not None}


def _as_uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
