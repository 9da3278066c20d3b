"""The page of kill switches: everything, a channel, a business, a campaign; who pulled each, why, and the proof."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Query
from starlette.requests import Request
from starlette.responses import Response

from frontdesk.features import campaigns, delivery, tenants
from frontdesk.features.campaigns import CampaignStatus
from frontdesk.features.campaigns.service import results
from frontdesk.features.delivery import StopProof
from frontdesk.features.delivery.queries.switches import PausedSwitch
from frontdesk.features.delivery.service import switching
from frontdesk.kernel.auth import Scope
from frontdesk.kernel.auth.visit import PlatformVisit
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.errors import Refused
from frontdesk.web.access import FrontDoor
from frontdesk.web.pages.frame import go_to
from frontdesk.web.pages.operations_desk import ZONE, OperationsDesk
from frontdesk.web.words import clock_time, milliseconds
from frontdesk.wiring import Frontdesk

SWITCHES = "/operations/switches"
ALL, CHANNEL = "all", "sms"
CAMPAIGNS = 50
MOVING = frozenset({CampaignStatus.APPROVED, CampaignStatus.EXPANDING, CampaignStatus.RUNNING})
Key = Annotated[str, Form(max_length=40, pattern=r"^[a-z0-9-]*$")]
What = Annotated[str, Form(pattern=r"^(global|channel|tenant|campaign)$")]


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchLine:
    """A pulled switch; `stopped` says when the last text started, and that none has since."""

    scope: str
    key: str
    business: UUID | None
    what: str
    by: str
    reason: str
    at: datetime
    proof: StopProof
    stopped: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What could be stopped."""

    scope: str
    key: str
    business: UUID | None
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The switch that a question is about: pull it, or let go of it."""

    scope: str
    key: str
    business: UUID | None
    words: str
    pull: bool


def add_switches(routes: APIRouter, door: FrontDoor, desk: OperationsDesk, wake: Callable[[], None]) -> None:
    """Add the page of kill switches; `wake` tells sleepers that one moved."""
    keeper = SwitchDesk(desk, wake)
    _add_looking(routes, door, keeper)
    _add_moving(routes, door, keeper)


class SwitchDesk:
    """Shows the switches, and moves one."""

    def __init__(self, desk: OperationsDesk, wake: Callable[[], None]) -> None:
        self._desk = desk
        self._parts: Frontdesk = desk.parts
        self._wake = wake

    async def show(
        self,
        request: Request,
        visit: PlatformVisit,
        *,
        chosen: UUID | None = None,
        asked: tuple[str, str] | None = None,
        pull: bool = True,
        refusal: Refused | None = None,
    ) -> Response:
        """Answer with the page; `asked` is the switch that a question is open about."""
        async with visit.transaction() as tx:
            names = {one.id: one.name for one in await tenants.list_tenants(tx)}
            paused = await delivery.list_paused(tx)
            now = tx.now
        lines = [await self._line(one, names) for one in paused]
        pulled = {(one.scope, one.key) for one in paused}
        choices = [one for one in await self._choices(names, chosen) if (one.scope, one.key) not in pulled]
        known = [
            *choices,
            *(Choice(scope=one.scope, key=one.key, business=one.business, words=one.what) for one in lines),
        ]
        found = next((one for one in known if asked == (one.scope, one.key)), None)
        return await self._desk.page(
            request,
            visit,
            "operations_switches.html",
            tab="switches",
            status=200 if refusal is None else refusal.status,
            lines=lines,
            choices=choices,
            names=names,
            chosen=chosen,
            asked=None
            if found is None
            else Asked(scope=found.scope, key=found.key, business=found.business, words=found.words, pull=pull),
            by_setting=self._parts.courier.paused_by_setting,
            may_pause=Scope.DELIVERY_PAUSE in visit.principal.scopes_for(None),
            may_resume=Scope.DELIVERY_RESUME in visit.principal.scopes_for(None),
            wrong="" if refusal is None else refusal.message,
            now=now,
        )

    async def move(
        self, visit: PlatformVisit, *, scope: switching.Scope, key: str, business: UUID | None, pull: bool, reason: str
    ) -> None:
        """Pull a switch or let go of it, in the log of the business that it concerns."""
        whose = await self._whose(scope, key, business)
        if whose is None and scope in {switching.Scope.TENANT, switching.Scope.CAMPAIGN}:
            raise _unknown()
        async with self._parts.switches.transaction(whose, correlation_id=visit.correlation_id) as tx:
            await _refuse_unknown(tx, scope, key)
            if scope is switching.Scope.CAMPAIGN:
                campaign_id = _as_id(key)
                if pull:
                    await campaigns.pause_campaign(tx, campaign_id=campaign_id, by=visit.actor, reason=reason.strip())
                else:
                    await campaigns.resume_campaign(tx, campaign_id=campaign_id, by=visit.actor)
            elif pull:
                await delivery.pause_sending(tx, scope=scope, key=key, by=visit.actor, reason=reason.strip())
            else:
                await delivery.resume_sending(tx, scope=scope, key=key, by=visit.actor)
            tx.on_commit(self._wake)

    async def _line(self, one: PausedSwitch, names: Mapping[UUID, str]) -> SwitchLine:
        scope = switching.Scope(one.scope)
        business = await self._whose(scope, one.key, None)
        async with self._parts.system.transaction(business) as tx:
            proof = await _prove(tx, scope, one.key, business)
            words = await _words(tx, scope, one.key, names, business)
        return SwitchLine(
            scope=one.scope,
            key=one.key,
            business=business,
            what=words,
            by=one.paused_by,
            reason=one.reason,
            at=one.paused_at,
            proof=proof,
            stopped=_stopped(proof, one.paused_at),
        )

    async def _whose(self, scope: switching.Scope, key: str, business: UUID | None) -> UUID | None:
        if scope is switching.Scope.TENANT:
            return _as_id(key)
        if scope is not switching.Scope.CAMPAIGN:
            return None
        if business is not None:
            return business
        async with self._parts.system.transaction() as tx:
            return await campaigns.find_owner(tx, campaign_id=_as_id(key))

    async def _choices(self, names: Mapping[UUID, str], chosen: UUID | None) -> Sequence[Choice]:
        found = [
            Choice(scope="global", key=ALL, business=None, words="Everything"),
            Choice(scope="channel", key=CHANNEL, business=None, words="All text messages"),
            *(
                Choice(scope="tenant", key=str(one), business=one, words=name)
                for one, name in sorted(names.items(), key=lambda item: item[1].lower())
            ),
        ]
        if chosen in names:
            async with self._parts.system.transaction(chosen) as tx:
                running = await results.list_campaigns(tx, before=None, limit=CAMPAIGNS)
            found += [
                Choice(scope="campaign", key=str(one.id), business=chosen, words=f"Campaign {one.name}")
                for one in running
                if one.status in MOVING
            ]
        return found


def _add_looking(routes: APIRouter, door: FrontDoor, keeper: SwitchDesk) -> None:
    @routes.get("/switches")
    async def switches(
        request: Request,
        visit: Annotated[PlatformVisit, Depends(door.to_platform(Scope.DELIVERY_READ))],
        business: UUID | None = None,
        ask: Annotated[str, Query(pattern=r"^(pull|release|)$")] = "",
        scope: Annotated[str, Query(max_length=20)] = "",
        key: Annotated[str, Query(max_length=40)] = "",
    ) -> Response:
        asked = (scope, key) if ask else None
        return await keeper.show(request, visit, chosen=business, asked=asked, pull=ask == "pull")


def _add_moving(routes: APIRouter, door: FrontDoor, keeper: SwitchDesk) -> None:
    @routes.post("/switches/pull")
    async def pull(
        request: Request,
        visit: Annotated[PlatformVisit, Depends(door.to_platform(Scope.DELIVERY_PAUSE, reserved=True))],
        scope: What = "global",
        key: Key = "",
        reason: Annotated[str, Form(max_length=500)] = "",
        business: Annotated[UUID | None, Form()] = None,
    ) -> Response:
        if not key or not reason.strip():
            refusal = Refused("delivery.reason_needed", "Say why: whoever lets go of it later reads it.", status=422)
            return await keeper.show(request, visit, chosen=business, asked=(scope, key), refusal=refusal)
        await keeper.move(visit, scope=switching.Scope(scope), key=key, business=business, pull=True, reason=reason)
        return go_to(SWITCHES)

    @routes.post("/switches/release")
    async def release(
        visit: Annotated[PlatformVisit, Depends(door.to_platform(Scope.DELIVERY_RESUME, reserved=True, proven=True))],
        scope: What = "global",
        key: Key = "",
    ) -> Response:
        if key:
            await keeper.move(visit, scope=switching.Scope(scope), key=key, business=None, pull=False, reason="")
        return go_to(SWITCHES)


def _stopped(proof: StopProof, paused_at: datetime) -> str:
    """Say what proves that sending has stopped: the moment at which the last text started."""
    started = proof.last_started_at
    if started is None:
        return "No text has ever started."
    at = f"{clock_time(started, ZONE, millis=True)} {ZONE}, {started:%Y-%m-%d}"
    if started <= paused_at:
        return f"No text has started since; the last one did at {at}."
    after = milliseconds((started - paused_at).total_seconds() * 1000)
    return f"The last text started {after} after the switch was pulled, at {at}; none since."


async def _refuse_unknown(tx: Transaction, scope: switching.Scope, key: str) -> None:
    """Refuse a switch of what there is not (`delivery.switch_unknown`, 404)."""
    match scope:
        case switching.Scope.TENANT:
            await tenants.get_tenant(tx)
        case switching.Scope.CAMPAIGN:
            await campaigns.get_campaign(tx, campaign_id=_as_id(key))
        case _:
            if key not in {ALL, CHANNEL}:
                raise _unknown()


async def _prove(tx: Transaction, scope: switching.Scope, key: str, business: UUID | None) -> StopProof:
    if business is None and scope in {switching.Scope.TENANT, switching.Scope.CAMPAIGN}:
        return await delivery.prove_stop(tx, scope=switching.Scope.GLOBAL, key=key)
    return await delivery.prove_stop(tx, scope=scope, key=key)


async def _words(
    tx: Transaction, scope: switching.Scope, key: str, names: Mapping[UUID, str], business: UUID | None
) -> str:
    name = "" if business is None else names.get(business, "")
    match scope:
        case switching.Scope.GLOBAL:
            return "Everything"
        case switching.Scope.CHANNEL:
            return "All text messages"
        case switching.Scope.TENANT:
            return name or "A business that is gone"
        case switching.Scope.CAMPAIGN:
            if business is None:
                return "A campaign that is gone"
            campaign = await campaigns.get_campaign(tx, campaign_id=_as_id(key))
            return f"Campaign {campaign.name}, {name}"


def _as_id(key: str) -> UUID:
    try:
        return UUID(key)
    except ValueError:
        raise _unknown() from None


def _unknown() -> Refused:
    return Refused("delivery.switch_unknown", "There is no such switch.", status=404)
