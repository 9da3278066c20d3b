"""Pretending that a customer calls or writes, while the twin stands in for the carrier."""

import secrets
from collections.abc import Callable
from typing import Annotated, Literal

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from frontdesk.features import senders
from frontdesk.kernel.auth import Scope
from frontdesk.kernel.auth.visit import Visit
from frontdesk.kernel.errors import Refused
from frontdesk.providers.twin import CallOutcome, TwinControl
from frontdesk.routing import Routes
from frontdesk.web.access import FrontDoor

PHONE = r"^\+[1-9][0-9]{6,14}$"
# 555-0100 to 555-0199 belong to nobody, by the numbering plan's own rule.
FICTITIOUS = "+1206555{:04d}"


class MissedCallOrder(BaseModel, extra="forbid"):
    """Who calls (nobody named: a made-up number), and how the call ends."""

    caller: str = Field("", pattern=rf"^$|{PHONE}")
    outcome: Literal["no-answer", "busy", "voicemail"] = "no-answer"


class CustomerTextOrder(BaseModel, extra="forbid"):
    """Who writes, and what."""

    customer: str = Field(pattern=PHONE)
    body: str = Field(min_length=1, max_length=1600)


class Simulated(BaseModel):
    """What was pretended: who, towards which of our numbers."""

    customer: str
    number: str


class Simulator:
    """Makes the twin's customers call and write; only there while our carrier is the twin."""

    def __init__(self, reach_twin: Callable[[], TwinControl] | None) -> None:
        self._reach_twin = reach_twin

    def __bool__(self) -> bool:
        return self._reach_twin is not None

    async def miss_call(self, visit: Visit, order: MissedCallOrder) -> Simulated:
        """Let a customer call and not be answered; returns at once, the call takes its course."""
        caller = order.caller or FICTITIOUS.format(100 + secrets.randbelow(100))
        async with self._twin() as twin:
            number = await self._number(visit)
            await twin.place_call(
                caller=caller,
                to=number,
                outcome=CallOutcome.BUSY if order.outcome == "busy" else CallOutcome.NO_ANSWER,
                voicemail=order.outcome == "voicemail",
                wait=False,
            )
        return Simulated(customer=caller, number=number)

    async def write(self, visit: Visit, order: CustomerTextOrder) -> Simulated:
        """Let a customer write to the business."""
        async with self._twin() as twin:
            number = await self._number(visit)
            await twin.send_text(customer=order.customer, to=number, body=order.body)
        return Simulated(customer=order.customer, number=number)

    def _twin(self) -> TwinControl:
        """Reach the twin for one request; it is closed after it."""
        if self._reach_twin is None:
            raise Refused("simulate.no_twin", "A real carrier is in use: nothing is simulated.", status=409)
        return self._reach_twin()

    async def _number(self, visit: Visit) -> str:
        async with visit.transaction() as tx:
            numbers = await senders.list_numbers(tx)
        if not numbers:
            raise Refused("simulate.no_number", "This business has no number that could be called.", status=409)
        return numbers[0].phone_e164


def simulate_router(door: FrontDoor, simulator: Simulator) -> APIRouter:
    """Make the routes of pretending."""
    routes = Routes(prefix="/api/simulate", tags=["simulate"])
    may = door.to_business(Scope.SIMULATE)

    @routes.post(
        "/missed-call",
        summary="Let a customer of the twin call and not be answered",
        status_code=202,
        responses={409: {"description": "A real carrier is in use, or there is no number to call"}},
    )
    async def miss_call(visit: Annotated[Visit, Depends(may)], order: MissedCallOrder) -> Simulated:
        return await simulator.miss_call(visit, order)

    @routes.post(
        "/text",
        summary="Let a customer of the twin write",
        status_code=202,
        responses={409: {"description": "A real carrier is in use, or there is no number to write to"}},
    )
    async def write(visit: Annotated[Visit, Depends(may)], order: CustomerTextOrder) -> Simulated:
        return await simulator.write(visit, order)

    return routes
