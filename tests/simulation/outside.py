"""The world around our processes: people who call and write, the operator, and a carrier that tells us of it all."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Coroutine
from random import Random
from typing import assert_never
from uuid import UUID

from frontdesk.features import campaigns, contacts, conversations, delivery
from frontdesk.kernel.db import UNAVAILABLE
from frontdesk.kernel.errors import Refused
from frontdesk.ports import ReceiptStatus
from tests.providers.telnyx.signing import event_body, payload
from tests.simulation.carrier import PROVIDER, Carrier, Post
from tests.simulation.market import TELNYX_NUMBER, Halt, Start, Vigil
from tests.simulation.plan import HINTS, Answer, Call, Event, Pause, Text
from tests.simulation.program import ACCOUNT, BASE_URL, Program
from tests.simulation.story import Acknowledged, Story
from tests.simulation.turnstile import Place, Turnstile
from tests.support.actors import ADA_ACTS

PATIENCE = 15.0  # seconds after which a carrier gives a webhook up
TRIES = 4


class Outside:
    """Runs errands, each a task of its own; `errands` is empty when nobody outside has anything left to do."""

    def __init__(
        self,
        *,
        turnstile: Turnstile,
        random: Random,
        carrier: Carrier,
        story: Story,
        find_web: Callable[[], Program | None],
        stir: Callable[[], None],
    ) -> None:
        self.place = Place("outside")
        self.errands: dict[asyncio.Task[object], None] = {}
        self._turnstile = turnstile
        self._random = random
        self._carrier = carrier
        self._story = story
        self._find_web = find_web
        self._stir = stir
        self._serials = itertools.count(1)

    def begin(self, event: Event) -> None:
        """Let an event of the plan happen at its time."""
        match event:
            case Call():
                self._go(self._call(event))
            case Text():
                self._go(self._text(event))
            case Pause():
                self._go(self._pause(event))
            case Answer():
                self._go(self._answer(event))
            case Start():
                self._go(self._start(event))
            case Halt():
                self._go(self._halt(event))
            case Vigil():
                self._go(self._turnstile.sleep("the day", event.at))
            case _:
                assert_never(event)

    def _go(self, errand: Coroutine[object, object, object]) -> None:
        task = self._turnstile.spawn(self.place, errand, "errand")
        self.errands[task] = None
        task.add_done_callback(lambda done: self.errands.pop(done, None))

    async def _call(self, call: Call) -> None:
        await self._turnstile.sleep("a call", call.at)
        for webhook in call.webhooks:
            self._go(self._tell(webhook.path, webhook.fields, after=webhook.after))

    async def _text(self, text: Text) -> None:
        await self._turnstile.sleep("a text", text.at)
        pair = (self._story.businesses.numbers[text.business], text.person)
        fields = {"MessageSid": text.sid, "From": text.person, "To": pair[0], "Body": text.body, "AccountSid": ACCOUNT}
        hint = HINTS.get(text.body)
        if hint is not None and self._carrier.troubles.keeps_opt_outs:
            fields["OptOutType"] = hint
            if hint == "STOP":
                self._carrier.opt_outs.add(pair)
            elif hint == "START":
                self._carrier.opt_outs.discard(pair)
        for after in text.told_after:
            self._go(self._tell("/webhooks/twilio/sms", fields, after=after))

    async def _pause(self, pause: Pause) -> None:
        await self._turnstile.sleep("the operator", pause.at)
        scope = delivery.Scope(pause.scope)
        key = {"global": "all", "channel": "sms", "tenant": str(self._story.businesses.ids[pause.business])}[
            pause.scope
        ]
        await self.operate(scope, key, paused=True)
        await self._turnstile.sleep("the operator", pause.seconds)
        await self.operate(scope, key, paused=False)

    async def operate(self, scope: delivery.Scope, key: str, *, paused: bool) -> None:
        """Pull or release a switch in some web process; a person tries until it is done."""
        await self._insist(lambda web: _switch(web, scope, key, paused=paused))

    async def _insist(self, work: Callable[[Program], Coroutine[object, object, bool]]) -> None:
        """Let some web process do a person's work, again until it is done."""
        for _ in range(50):
            web = self._find_web()
            if web is not None:
                doing = self._turnstile.spawn(web.place, work(web), "a person's work")
                await asyncio.wait({doing})
                if not doing.cancelled() and doing.result() is True:
                    self._stir()
                    return
            await self._turnstile.sleep("try again", 0.3)

    async def _start(self, start: Start) -> None:
        await self._turnstile.sleep("Ada starts", start.at)
        await self._insist(lambda web: _steer(web, self._story, start.campaign, "start"))

    async def _halt(self, halt: Halt) -> None:
        await self._turnstile.sleep("Ada halts", halt.at)
        if halt.seconds is None:
            await self._insist(lambda web: _steer(web, self._story, halt.campaign, "cancel"))
            return
        await self._insist(lambda web: _steer(web, self._story, halt.campaign, "pause"))
        await self._turnstile.sleep("Ada halts", halt.seconds)
        await self._insist(lambda web: _steer(web, self._story, halt.campaign, "resume"))

    async def _answer(self, answer: Answer) -> None:
        await self._turnstile.sleep("the business", answer.at)
        web = self._find_web()
        if web is None:
            return
        number = self._story.businesses.numbers[answer.business]
        work = self._turnstile.spawn(
            web.place, _write(web, answer, self._story.businesses.ids[answer.business], number), "write"
        )
        await asyncio.wait({work})

    # ── what the carrier does ────────────────────────────────────────────────────────────────────────────────────────

    async def _tell(
        self, path: str, fields: dict[str, str], *, after: float, query: str = "", for_ever: bool = False
    ) -> None:
        """Deliver a webhook; without a good answer, again and again for a while."""
        await self._turnstile.sleep("the carrier", after)
        tries = 0
        while tries < TRIES or for_ever:
            tries += 1
            tick = await self._deliver(path, fields, query)
            if tick is not None:
                self._story.acknowledged.append(Acknowledged(path, fields, tick))
                self._stir()
                return
            await self._turnstile.sleep("the carrier", self._random.choice((0.0, 0.1, 1.0, 10.0)))

    async def _deliver(self, path: str, fields: dict[str, str], query: str) -> int | None:
        """Tell one web process; returns the step of its acknowledgement, None if there was none."""
        web = self._find_web()
        if web is None:
            await self._turnstile.sleep("nobody listens", 0.2)
            return None
        if "/telnyx/" in path:
            asking = web.answer_event(path, _as_event(fields, f"{BASE_URL}{path}?{query}", serial=next(self._serials)))
        else:
            asking = web.answer(path, fields, query)
        asked = self._turnstile.spawn(web.place, asking, "request")
        patience = self._turnstile.spawn(self.place, self._turnstile.sleep("patience", PATIENCE), "patience")
        await asyncio.wait({asked, patience}, return_when=asyncio.FIRST_COMPLETED)
        patience.cancel()
        if not asked.done() or asked.cancelled() or web.place.stalled_at is not None:
            return None
        status, tick = asked.result()
        if status >= 500 and status != 503:
            self._story.complaints.append(f"{path} was answered with {status}")
        return tick if status < 300 else None

    def text_accepted(self, post: Post) -> None:
        """Plan the receipts of a text: to be told in any order, more than once, early or late."""
        random = self._carrier.random
        ending, code = random.choices(
            ((ReceiptStatus.DELIVERED, ""), (ReceiptStatus.UNDELIVERED, "30003"), (ReceiptStatus.FAILED, "30008")),
            (8, 1, 1),
        )[0]
        late = random.uniform(30, 120) if self._carrier.strikes(self._carrier.troubles.receipts_late) else 0.0
        for status in (ReceiptStatus.SENT, ending):
            for _ in range(random.choice((1, 1, 1, 2))):
                after = late + random.choice((0.0, 0.02, 0.5, 3.0, 12.0))
                self._go(self._receipt(post, status, code if status is ending else "", after))

    async def _receipt(self, post: Post, status: ReceiptStatus, code: str, after: float) -> None:
        await self._turnstile.sleep("the carrier", after)
        post.status, post.error_code = max(
            (post.status, post.error_code), (status, code), key=lambda known: list(ReceiptStatus).index(known[0])
        )
        known = not self._carrier.strikes(self._carrier.troubles.no_reference)
        fields = {
            "MessageSid": post.sid or "",
            "MessageStatus": status.value,
            "From": post.text.sender_e164,
            "To": post.text.recipient_e164,
            "AccountSid": ACCOUNT,
            "ErrorCode": code or "0",
        }
        query = f"reference={post.text.reference}" if known else ""
        path = (
            "/webhooks/telnyx/sms/status" if post.text.sender_e164 == TELNYX_NUMBER else "/webhooks/twilio/sms/status"
        )
        await self._tell(path, fields, after=0, query=query, for_ever=True)


TELNYX_WORDS = {
    "sent": ("message.sent", "sent"),
    "delivered": ("message.finalized", "delivered"),
    "undelivered": ("message.finalized", "delivery_failed"),
    "failed": ("message.finalized", "sending_failed"),
}


def _as_event(fields: dict[str, str], address: str, *, serial: int) -> bytes:
    """Write a receipt as Telnyx tells it, under another event id every time."""
    kind, word = TELNYX_WORDS[fields["MessageStatus"]]
    code = fields["ErrorCode"]
    message = payload(
        direction="outbound",
        id=fields["MessageSid"],
        sender={"phone_number": fields["From"]},
        to=[{"phone_number": fields["To"], "status": word}],
        errors=[{"code": code}] if code != "0" else [],
        webhook_url=address,
    )
    return event_body(kind, message, event_id=f"event-{serial}")


async def _steer(web: Program, story: Story, number: int, verb: str) -> bool:
    """Do what Ada wants with a campaign; what the product refuses is settled too."""
    assert story.plan.market is not None
    tenant_id = story.businesses.ids[story.plan.market.campaigns[number].business]
    campaign_id = story.campaigns[number]
    try:
        async with web.parts.app.transaction(tenant_id) as tx:
            if verb == "start":
                await campaigns.start_campaign(tx, campaign_id=campaign_id, by=ADA_ACTS)
            elif verb == "pause":
                await campaigns.pause_campaign(tx, campaign_id=campaign_id, by=ADA_ACTS, reason="simulated")
            elif verb == "resume":
                await campaigns.resume_campaign(tx, campaign_id=campaign_id, by=ADA_ACTS)
            else:
                await campaigns.cancel_campaign(tx, campaign_id=campaign_id, by=ADA_ACTS)
    except UNAVAILABLE:
        return False
    except Refused:
        return True
    return True


async def _switch(web: Program, scope: delivery.Scope, key: str, *, paused: bool) -> bool:
    try:
        async with web.parts.switches.transaction() as tx:
            if paused:
                await delivery.pause_sending(tx, scope=scope, key=key, by=ADA_ACTS, reason="simulated")
            else:
                await delivery.resume_sending(tx, scope=scope, key=key, by=ADA_ACTS)
    except UNAVAILABLE:
        return False
    return True


async def _write(web: Program, answer: Answer, tenant_id: UUID, number: str) -> None:
    try:
        async with web.parts.app.transaction(tenant_id) as tx:
            contact = await contacts.find_contact_by_phone(tx, phone_e164=answer.person)
            if contact is None:
                return
            await conversations.write_to(
                tx,
                contact_id=contact.id,
                body=answer.body,
                author="user:ben",
                key=answer.key,
                sender_e164=number,
                provider=PROVIDER,
                lane=web.parts.courier,
            )
    except (*UNAVAILABLE, Refused):
        return
