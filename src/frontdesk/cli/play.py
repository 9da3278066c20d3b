"""The main job, played once against a running installation: a missed call, its text, a booking, STOP, and silence."""

from __future__ import annotations

import secrets
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from frontdesk.cli.bench.callers import MAX_CALLERS, caller_number
from frontdesk.cli.calling import Caller
from frontdesk.cli.play_booking import BookingPart
from frontdesk.cli.play_scene import NotSeen, Scene, Text, Told
from frontdesk.cli.seeding import DEMO_BUSINESSES
from frontdesk.providers.twin import CallOutcome, TwinControl

if TYPE_CHECKING:
    from frontdesk.cli.installation import Installation

PATIENCE_SECONDS = 10.0
REPLY = "Hi! My sink is leaking. Can somebody come tomorrow afternoon?"


class JobState(msgspec.Struct):
    """How the text of a call fares."""

    status: str
    code: str
    citation: str = ""


class CallSeen(msgspec.Struct):
    """One call, as our API tells it."""

    id: str
    caller_e164: str
    missed_at: str | None = None
    outcome: str | None = None
    reason: str | None = None
    text: JobState | None = None


class Calls(msgspec.Struct):
    """A page of calls."""

    items: list[CallSeen]


class CallReport(msgspec.Struct):
    """A call with what became of it."""

    call: CallSeen
    first_text_ms: float | None = None


class Tenant(msgspec.Struct):
    """A business, as our API tells it."""

    id: str
    slug: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing that was to happen: when it was seen (ms from the start), how long it took itself, what was seen."""

    name: str
    at_ms: float
    ok: bool
    title: str
    detail: str
    took_ms: float | None = None


class Play:
    """Plays the steps in order; a step that fails ends the play, and those after it count as not happened."""

    def __init__(
        self,
        installation: Installation,
        *,
        twin: TwinControl,
        caller: str | None = None,
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        self._twin = twin
        self._patience = patience
        self._customer = caller or caller_number(secrets.randbelow(MAX_CALLERS))
        self._business = DEMO_BUSINESSES[0]
        self._api = Caller(installation.url, token=installation.welcome.api_token)
        self._scene = Scene(
            api=self._api, twin=twin, customer=self._customer, business=self._business, patience=patience
        )
        self._booking = BookingPart(self._scene)
        self._began = time.monotonic()
        self._texts_before_stop = 0
        self._said_before_stop = 0
        self._first_call = ""

    def steps(self) -> list[tuple[str, str, Callable[[], Awaitable[Told]]]]:
        """List the steps: name, title, and what to do and see."""
        return [
            *self._booking.preparations(),
            ("call_missed", "A customer calls, nobody answers", self._call),
            ("text_accepted", "The carrier has our text", self._text_accepted),
            ("text_delivered", "The text is delivered", self._text_delivered),
            ("customer_replied", "The customer writes back", self._reply),
            ("reply_seen", "The business sees the thread", self._reply_seen),
            *self._booking.steps(),
            ("stop_said", "The customer says STOP", self._say_stop),
            ("stop_confirmed", "STOP is in force", self._stop_confirmed),
            ("second_call_missed", "The customer calls again, nobody answers", self._call_again),
            ("nothing_sent", "Nothing is sent, and the reason is on record", self._nothing_sent),
        ]

    async def run(self, tell: Callable[[Step], None] = lambda _step: None) -> list[Step]:
        """Play everything; `tell` hears of each step as it ends."""
        played: list[Step] = []
        failed = False
        async with self._api:
            await self._choose_business()
            self._began = time.monotonic()
            for name, title, act in self.steps():
                detail, took, ok = "not reached", None, False
                if not failed:
                    try:
                        detail, took = await act()
                        ok = True
                    except (NotSeen, LookupError) as error:
                        detail, failed = str(error), True
                at_ms = round((time.monotonic() - self._began) * 1000, 1)
                step = Step(name=name, at_ms=at_ms, ok=ok, title=title, detail=detail, took_ms=took)
                played.append(step)
                tell(step)
        return played

    async def _choose_business(self) -> None:
        known = msgspec.convert(await self._api.get_json("/api/tenants"), list[Tenant])
        for tenant in known:
            if tenant.slug == self._business.slug:
                self._api.speak_for(tenant.id)
                return
        raise NotSeen(f"there is no demo business {self._business.slug}")

    async def _call(self) -> Told:
        call = await self._twin.place_call(
            caller=self._customer, to=self._business.phone_e164, outcome=CallOutcome.NO_ANSWER
        )
        dial = next((hook for hook in call.webhooks if hook.kind == "voice.dial"), None)
        if dial is None or not dial.taken:
            raise NotSeen(f"our dial-action webhook was not answered well: {call.error or dial}")
        self._missed_us = dial.started_us
        return f"{self._customer} → {self._business.name}: no answer", round(dial.latency_ms, 1)

    async def _text_accepted(self) -> Told:
        async def look() -> int | None:
            entries = await self._twin.journal(operation="messages.create", to=self._customer)
            return entries[0].wall_us if entries else None

        arrived_us = await self._scene.until(look, "no text arrived at the carrier")
        took = (arrived_us - self._missed_us) / 1000
        return "text at the carrier, counted from the missed-call webhook", round(took, 1)

    async def _text_delivered(self) -> Told:
        report = await self._twin.wait_for_text(self._customer, status="delivered", within=self._patience)
        if not report.met:
            raise NotSeen("the carrier did not deliver the text")
        [message] = report.messages

        async def look() -> Text | None:
            thread = await self._scene.thread()
            sent = [text for text in thread if text.direction == "outbound"]
            return sent[0] if sent and sent[0].status == "delivered" else None

        text = await self._scene.until(look, "we have not heard of the delivery")
        took = (message.history[-1].at_us - self._missed_us) / 1000
        return f"“{text.body}”", round(took, 1)

    async def _reply(self) -> Told:
        return await self._scene.say(REPLY)

    async def _reply_seen(self) -> Told:
        began = time.monotonic()

        async def look() -> bool | None:
            texts = await self._scene.thread()
            return True if any(one.direction == "inbound" and one.body == REPLY for one in texts) else None

        await self._scene.until(look, "the reply is not in the conversation")
        return "read through the API, like the page does", round((time.monotonic() - began) * 1000, 1)

    async def _say_stop(self) -> Told:
        self._said_before_stop = sum(one.direction == "outbound" for one in await self._scene.thread())
        _, took = await self._scene.say("STOP")
        return "in our ledger and journal before the webhook was answered", took

    async def _stop_confirmed(self) -> Told:
        began = time.monotonic()
        ended = {"delivered", "undelivered", "failed", "blocked", "dropped"}

        async def look() -> Text | None:
            texts = [one for one in await self._scene.thread() if one.direction == "outbound"]
            newest = texts[0] if texts else None
            more = len(texts) > self._said_before_stop
            return newest if newest is not None and more and newest.status in ended else None

        text = await self._scene.until(look, "no confirmation was tried")
        took = round((time.monotonic() - began) * 1000, 1)
        self._texts_before_stop = len(await self._twin.journal(operation="messages.create", to=self._customer))
        if text.status == "delivered":
            return f"confirmed: “{text.body}”", took
        return f"the carrier itself keeps this pair apart ({text.failure_code or text.status})", took

    async def _call_again(self) -> Told:
        self._first_call = (await self._newest_call()).id
        return await self._call()

    async def _nothing_sent(self) -> Told:
        async def look() -> CallSeen | None:
            newest = await self._newest_call()
            return newest if newest.id != self._first_call and newest.missed_at else None

        began = time.monotonic()
        call = await self._scene.until(look, "the second call is not on record")
        report = msgspec.convert(await self._api.get_json(f"/api/calls/{call.id}"), CallReport).call
        if report.outcome != "skipped" or report.text is None or not report.text.citation:
            raise NotSeen(f"the second call was not skipped with a cited reason: {report}")
        await self._twin.wait_until_idle()
        posts = len(await self._twin.journal(operation="messages.create", to=self._customer))
        if posts != self._texts_before_stop:
            raise NotSeen("a text left after STOP")
        took = round((time.monotonic() - began) * 1000, 1)
        return f"{report.reason}: {report.text.citation}", took

    async def _newest_call(self) -> CallSeen:
        calls = msgspec.convert(await self._api.get_json("/api/calls?limit=20"), Calls).items
        for call in calls:
            if call.caller_e164 == self._customer:
                return call
        raise NotSeen("the call is not on record")
