"""How calendars are broken: nobody asks them any more, or their owner takes the access back."""

from __future__ import annotations

from datetime import timedelta
from typing import TypeVar
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import msgspec

from frontdesk.features import tenants
from frontdesk.features.scheduling.calendar_upkeep import FALL_ASLEEP, ask_everybody
from frontdesk.operations.drills.model import Break, Stage
from frontdesk.operations.runbooks import RunState
from frontdesk.providers.calendar_api import CalendarApi
from frontdesk.providers.http import HttpClient
from frontdesk.providers.twin import FaultKind, FaultOrder
from frontdesk.providers.twin.calendar_client import CalendarTwin
from frontdesk.providers.twin.calendar_wire import OutsideEvent

JSON = ("Content-Type", "application/json")
FIRST_FAILING = 400
SETTLE_SECONDS = 0.2
_T = TypeVar("_T")


class _Used(msgspec.Struct):
    id: str
    resource_id: str | None = None
    synced_at: str | None = None


class _Account(msgspec.Struct):
    calendars: list[_Used]


class _Accounts(msgspec.Struct):
    accounts: list[_Account] = []


class _Link(msgspec.Struct):
    url: str


class _Made(msgspec.Struct):
    id: str


class _Owner:
    """The owner of a business with a Google account, who connects it as people do: by our API and Google's page."""

    def __init__(self, stage: Stage, http: HttpClient, tenant_id: str) -> None:
        self._stage = stage
        self._api = CalendarApi(http, "frontdesk", "Our own API")
        self._headers = [("Authorization", f"Bearer {stage.api_token}"), ("X-Tenant-Id", tenant_id), JSON]

    async def connect(self) -> None:
        """Connect the account, or connect it again."""
        link = await self._ask("POST", "/api/calendars/consents", {"provider": "google"}, _Link)
        page = await self._api.request("GET", link.url)
        back = parse_qs(urlsplit(page.header("Location") or "").query)
        given = {"state": back["state"][0], "code": back["code"][0]}
        await self._ask("POST", "/api/calendars/callback", given, _Account)

    async def use(self) -> None:
        """Let the first calendar take the time of a resource, and wait until it was read."""
        resource = await self._ask("POST", "/api/resources", {"name": f"Drill {uuid4().hex[:8]}", "hours": None}, _Made)
        (first, *_) = await self._calendars()
        wanted = {"resource_id": resource.id, "blocks": True, "writes": True}
        await self._ask("PATCH", f"/api/calendars/{first.id}", wanted, _Used)
        while any(one.resource_id and not one.synced_at for one in await self._calendars()):
            await self._stage.system.clock.sleep(SETTLE_SECONDS)

    async def _calendars(self) -> list[_Used]:
        found = await self._ask("GET", "/api/calendars", None, _Accounts)
        return [one for account in found.accounts for one in account.calendars]

    async def _ask(self, method: str, path: str, document: object, kind: type[_T]) -> _T:
        body = b"" if document is None else msgspec.json.encode(document)
        reply = await self._api.request(method, self._stage.url + path, headers=self._headers, body=body)
        if reply.status >= FIRST_FAILING:
            raise LookupError(f"{method} {path} answered {reply.status}")
        return self._api.decode(reply, kind)


async def _with_owner(stage: Stage, *, use: bool) -> None:
    async with stage.system.transaction() as tx:
        business = (await tenants.list_tenants(tx))[0]
    http = HttpClient()
    try:
        owner = _Owner(stage, http, str(business.id))
        await owner.connect()
        if use:
            await owner.use()
    finally:
        await http.close()


async def _fall_asleep(stage: Stage) -> None:
    """Connect a calendar, then let nobody ask it and Google say nothing, while something changes there."""
    await _with_owner(stage, use=True)
    await stage.twin.inject_fault(FaultOrder(kind=FaultKind.LOST, on="google.push", count=None))
    now = stage.system.clock.now()
    event = OutsideEvent(starts_at=now + timedelta(hours=1), ends_at=now + timedelta(hours=2))
    await CalendarTwin(stage.twin).put_event(event)
    async with stage.system.transaction() as tx:
        await FALL_ASLEEP.act(tx)


async def _speak_again(stage: Stage) -> None:
    await stage.twin.clear_faults()


async def _take_access(stage: Stage) -> None:
    await _with_owner(stage, use=True)
    await CalendarTwin(stage.twin).take_access()
    async with stage.system.transaction() as tx:
        await ask_everybody(tx)


async def _connect_again(stage: Stage) -> None:
    await _with_owner(stage, use=False)


BREAKS: tuple[Break, ...] = (
    Break(name=FALL_ASLEEP.name, sentence=FALL_ASLEEP.sentence, act=_fall_asleep, recover=_speak_again),
    Break(
        name="scheduling.access_taken_back",
        sentence="The owner of a calendar takes our access back at Google",
        act=_take_access,
        recover=_connect_again,
        recover_after=True,
        ends=RunState.NEEDS_PERSON,
    ),
)
