"""Telnyx as a whole: its parts put together, and what the control API may do with it."""

from __future__ import annotations

import base64
import re
from typing import Final

from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from frontdesk.kernel.errors import Refused
from frontdesk.providers.twin.phones import is_phone
from frontdesk.providers.twin.postman import new_uuid
from frontdesk.providers.twin.telnyx.api import CallObserver, TelnyxApi
from frontdesk.providers.twin.telnyx.events import EventObserver, Events
from frontdesk.providers.twin.telnyx.inbound import Inbound
from frontdesk.providers.twin.telnyx.magic import FATES, fate_rule
from frontdesk.providers.twin.telnyx.messages_api import MessagesApi
from frontdesk.providers.twin.telnyx.state import Message, Number, TelnyxState
from frontdesk.providers.twin.telnyx.texts import Texts
from frontdesk.providers.twin.wire import (
    Fate,
    MessageView,
    NumberSetup,
    NumberView,
    SendText,
    Step,
    StopEntry,
    TextReport,
)
from frontdesk.providers.twin.world import World

NAME: Final = "telnyx"
DEFAULT_PROFILE: Final = "4000eba1-a0c0-4563-9925-b25e842a7cb6"
_PROFILE: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")


def view_of(message: Message) -> MessageView:
    """Show a message to the control API."""
    return MessageView(
        sid=message.id,
        sender=message.sender,
        to=message.to,
        body=message.body,
        direction="outbound-api" if message.is_ours else "inbound",
        status=message.status,
        created_us=message.history[0][1],
        error_code=message.error_code or 0,
        status_callback=message.webhook_url,
        messaging_service_sid=message.profile_id,
        num_segments=message.segments,
        history=tuple(Step(status=status, at_us=at) for status, at in message.history),
        provider=NAME,
    )


def _number_view(number: Number) -> NumberView:
    return NumberView(
        number=number.phone,
        sid=number.id,
        account_sid=number.profile_id,
        voice_url="",
        sms_url=number.webhook_url,
        status_callback="",
        provider=NAME,
    )


class Telnyx:
    """Telnyx in the twin."""

    def __init__(
        self, world: World, *, on_answer: CallObserver | None = None, on_webhook: EventObserver | None = None
    ) -> None:
        key = Ed25519PrivateKey.from_private_bytes(base64.b64decode(world.config.telnyx_private_key))
        self.state = TelnyxState(world.config.message_limit)
        self._events = Events(world, key, on_webhook)
        self._texts = Texts(world, self.state, self._events)
        self._inbound = Inbound(world, self.state, self._events, self._texts)
        messages = MessagesApi(world, self.state, self._texts)
        self._api = TelnyxApi(world, self.state, messages, api_key=world.config.telnyx_api_key, observer=on_answer)

    def routes(self) -> list[web.RouteDef]:
        """List the routes of the pretended API."""
        return self._api.routes()

    async def close(self) -> None:
        """Close its connections to us."""
        await self._events.close()

    def reset(self, *, numbers: bool) -> None:
        """Forget all traffic; with `numbers` also the numbers."""
        self._events.forget_lines()
        self.state.forget_traffic()
        if numbers:
            self.state.numbers.clear()

    def has(self, number: str) -> bool:
        """Tell whether a number of ours is here."""
        return number in self.state.numbers

    def set_number(self, setup: NumberSetup) -> NumberView:
        """Give us a number, or change its addresses; refuses with `twin.number_invalid`, `twin.service_invalid`."""
        if not is_phone(setup.number):
            raise Refused("twin.number_invalid", f"{setup.number} is not an E.164 number")
        profile = setup.messaging_profile_id or DEFAULT_PROFILE
        if not _PROFILE.match(profile):
            raise Refused("twin.service_invalid", f"{profile} is not a messaging profile's id, a UUID")
        known = self.state.numbers.get(setup.number)
        number = Number(
            id=known.id if known else new_uuid(),
            phone=setup.number,
            profile_id=profile,
            webhook_url=setup.sms_url,
            failover_url=setup.sms_fallback_url,
        )
        self.state.numbers[setup.number] = number
        return _number_view(number)

    def numbers(self) -> tuple[NumberView, ...]:
        """List our numbers."""
        return tuple(_number_view(number) for number in self.state.numbers.values())

    def set_fate(self, fate: Fate) -> None:
        """Script what becomes of texts to a number; refuses with `twin.fate_unknown`."""
        if fate.status not in FATES:
            raise Refused("twin.fate_unknown", f"{fate.status} is not one of {sorted(FATES)}")
        self.state.fates[fate.number] = fate_rule(fate.status, fate.error_code)

    def set_stop(self, stop: StopEntry, *, stopped: bool) -> None:
        """Block a customer for a number's profile as a STOP of which we never heard would, or lift the block."""
        pair = (self.state.numbers[stop.number].profile_id, stop.customer)
        self.state.set_stop(pair, stopped=stopped)

    def stops(self) -> tuple[StopEntry, ...]:
        """List blocks; `number` is the profile's id, which keeps the block."""
        return self.state.list_stops()

    async def send_text(self, order: SendText) -> TextReport:
        """Let a customer text; report when our webhook has answered."""
        return await self._inbound.receive(order)

    def texts_to(self, number: str) -> tuple[MessageView, ...]:
        """List texts that left towards a number, oldest first."""
        return tuple(view_of(message) for message in self.state.texts_to(number))

    def recent_messages(self, limit: int) -> tuple[MessageView, ...]:
        """List the last messages in both directions, oldest first."""
        return tuple(view_of(message) for message in self.state.recent_messages(limit))
