"""Jobber as a whole: its door, its consent page, its webhooks, and what the control API may do with it."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final
from urllib.parse import parse_qsl, urlencode

import aiohttp
import msgspec
from aiohttp import web

from frontdesk.providers.twin.calendar_wire import JobberVisit
from frontdesk.providers.twin.doorway import Asked, Declined, Doorway, Observer, Told
from frontdesk.providers.twin.jobber.graph import GraphDesk
from frontdesk.providers.twin.jobber.state import JobberState, Visit, encoded_id
from frontdesk.providers.twin.postman import Parcel, Postman
from frontdesk.providers.twin.wire import FaultKind, WebhookReport
from frontdesk.providers.twin.world import World

NAME: Final = "jobber"
WEBHOOK: Final = "jobber.webhook"
TOKEN_LASTS: Final = timedelta(minutes=60)
_PATIENCE: Final = aiohttp.ClientTimeout(total=1)  # Jobber waits 1 s
_ATTEMPTS: Final = 3


class Operation(StrEnum):
    """What a request asks for; faults and the journal name these."""

    GRAPHQL = "jobber.graphql"
    TOKEN = "jobber.token"  # noqa: S105 - a name


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcement(Parcel):
    """A webhook: what happened to which thing."""

    topic: str
    item_id: str
    account_id: str
    occurred_at: str

    def fields(self) -> dict[str, str]:
        """Show what it tells."""
        return {"topic": self.topic, "itemId": self.item_id, "occurredAt": self.occurred_at}


class Announcements(Postman[Announcement]):
    """Posts webhooks, up to three times each."""

    def __init__(self, world: World, secret: str) -> None:
        super().__init__(world)
        self._secret = secret

    async def _deliver(self, parcel: Announcement, faults: tuple[str, ...]) -> WebhookReport:
        event = {
            "topic": parcel.topic,
            "appId": "3ef22a50-072d-430c-a78f-b7646657560b",
            "accountId": parcel.account_id,
            "itemId": parcel.item_id,
            "occurredAt": parcel.occurred_at,
        }
        body = msgspec.json.encode({"data": {"webHookEvent": event}})
        secret = "forged" if FaultKind.BAD_SIGNATURE in faults else self._secret
        signature = b64encode(hmac.digest(secret.encode(), body, hashlib.sha256)).decode()
        headers = {"Content-Type": "application/json", "X-Jobber-Hmac-SHA256": signature}
        report = self._opened(parcel, faults)
        for _ in range(_ATTEMPTS):
            report = await self._exchange(self._opened(parcel, faults), body, headers, _PATIENCE)
            if report.taken:
                return report
        return report


def declined(status: int) -> Declined:
    """Word a refusal."""
    if status == 429:  # noqa: PLR2004 - HTTP's own
        return Declined(429, {"message": "Rate limit exceeded"})
    return Declined(status, {"message": "Access token expired" if status == 401 else "Something went wrong"})  # noqa: PLR2004 - HTTP's own


class Jobber:
    """Jobber in the twin."""

    def __init__(self, world: World, *, on_answer: Observer | None = None) -> None:
        self._world = world
        self._config = world.config
        self.state = JobberState()
        self.state.begin()
        self._desk = GraphDesk(world, self.state)
        self._announcements = Announcements(world, world.config.jobber_client_secret)
        self._door = Doorway(world, declined, account=self.state.account_id, observer=on_answer)

    def routes(self) -> list[web.RouteDef]:
        """List the routes of the pretended API."""
        return [
            web.post("/api/graphql", self._door.serve(Operation.GRAPHQL, self._answer)),
            web.post("/api/oauth/token", self._door.serve(Operation.TOKEN, self._give_tokens)),
            web.get("/api/oauth/authorize", self._ask_owner),
        ]

    async def close(self) -> None:
        """Close its connections to us."""
        await self._announcements.close()

    def reset(self) -> None:
        """Forget visits, tokens and the webhook's address."""
        self._announcements.forget_lines()
        self.state.begin()

    def shut_out(self) -> None:
        """Remove our app, as an owner does: no token works, and APP_DISCONNECT is told."""
        self.state.access.clear()
        self.state.refresh.clear()
        self.state.token_works = False
        self._announce("APP_DISCONNECT", self.state.account_id)

    def set_webhook(self, url: str) -> None:
        """Say where webhooks go; empty is nowhere."""
        self.state.webhook_url = url

    def put_visit(self, order: JobberVisit) -> str:
        """Let somebody at the business make a visit, change it, or with `cancelled` delete it; gives its id."""
        visit_id = order.id or encoded_id("Visit", len(self.state.visits) + 1)
        known = visit_id in self.state.visits
        if order.cancelled:
            self.state.visits.pop(visit_id, None)
            self._announce("VISIT_DESTROY", visit_id)
            return visit_id
        assigned = order.assigned or (next(iter(self.state.people)),)
        self.state.visits[visit_id] = Visit(
            id=visit_id,
            title=order.title,
            starts_at=order.starts_at,
            ends_at=order.ends_at,
            all_day=order.all_day,
            assigned=assigned,
        )
        self._announce("VISIT_UPDATE" if known else "VISIT_CREATE", visit_id)
        return visit_id

    def _announce(self, topic: str, item_id: str) -> None:
        if not self.state.webhook_url:
            return
        parcel = Announcement(
            kind=WEBHOOK,
            recipient="",
            url=self.state.webhook_url,
            topic=topic,
            item_id=item_id,
            account_id=self.state.account_id,
            occurred_at=self._world.now().isoformat(),
        )
        self._announcements.post_in_line(item_id, parcel)

    def _answer(self, asked: Asked) -> Told:
        kind, _, token = asked.headers.get("Authorization", "").partition(" ")
        expires_at = self.state.access.get(token, datetime.min.replace(tzinfo=UTC))
        own = self.state.token_works and hmac.compare_digest(token.encode(), self._config.jobber_api_token.encode())
        if kind != "Bearer" or not (own or expires_at > self._world.now()):
            raise declined(401)
        return self._desk.answer(asked)

    async def _ask_owner(self, request: web.Request) -> web.Response:
        """Send the browser back at once with a code, as an owner who consents does."""
        asked = request.query
        target = asked.get("redirect_uri", "")
        if asked.get("client_id") != self._config.jobber_client_id or not target:
            return web.Response(status=400, text="invalid_request")
        code = secrets.token_urlsafe(24)
        self.state.codes[code] = target
        self.state.token_works = True
        back = urlencode({"code": code, "state": asked.get("state", "")})
        return web.Response(status=302, headers={"Location": f"{target}?{back}"})

    def _give_tokens(self, asked: Asked) -> Told:
        form: Mapping[str, str] = dict(parse_qsl(asked.body.decode(errors="replace")))
        known = (self._config.jobber_client_id, self._config.jobber_client_secret)
        if (form.get("client_id"), form.get("client_secret")) != known:
            raise declined(401)
        if form.get("grant_type") == "authorization_code":
            if self.state.codes.pop(form.get("code", ""), None) != form.get("redirect_uri"):
                raise declined(400)
        elif form.get("refresh_token") in self.state.refresh:
            self.state.refresh.discard(form["refresh_token"])  # each works once
        else:
            raise declined(401)
        access, refresh = secrets.token_urlsafe(24), secrets.token_urlsafe(24)
        self.state.access[access] = self._world.now() + TOKEN_LASTS
        self.state.refresh.add(refresh)
        return Told(document={"access_token": access, "refresh_token": refresh})
