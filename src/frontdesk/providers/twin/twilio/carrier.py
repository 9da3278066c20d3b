"""The carrier as a whole: its parts put together, and what the control API may do with it."""

from __future__ import annotations

import re
from typing import Final

from aiohttp import web

from frontdesk.kernel.errors import Refused
from frontdesk.providers.twin.phones import is_phone
from frontdesk.providers.twin.twilio.api import AnswerObserver, TwilioApi
from frontdesk.providers.twin.twilio.callbacks import Callbacks, Observer
from frontdesk.providers.twin.twilio.calls_api import CallsApi
from frontdesk.providers.twin.twilio.inbound import Inbound
from frontdesk.providers.twin.twilio.magic import fate_rule
from frontdesk.providers.twin.twilio.messages_api import MessagesApi
from frontdesk.providers.twin.twilio.numbers_api import NumbersApi
from frontdesk.providers.twin.twilio.state import (
    Account,
    Message,
    Number,
    Service,
    TwilioState,
    new_sid,
)
from frontdesk.providers.twin.twilio.texts import Texts
from frontdesk.providers.twin.twilio.voice import ring_in
from frontdesk.providers.twin.wire import (
    AccountSetup,
    CallReport,
    Fate,
    MessageView,
    NumberSetup,
    NumberView,
    PlaceCall,
    SendText,
    ServiceSetup,
    Step,
    StopEntry,
    TextReport,
)
from frontdesk.providers.twin.world import World

_ACCOUNT: Final = re.compile(r"AC[0-9a-fA-F]{32}\Z")
_SERVICE: Final = re.compile(r"MG[0-9a-fA-F]{32}\Z")
_FATES: Final = frozenset({"", "delivered", "undelivered", "failed", "sent", "busy", "no-answer"})


def view_of(message: Message) -> MessageView:
    """Show a text to the control API."""
    return MessageView(
        sid=message.sid,
        sender=message.sender,
        to=message.to,
        body=message.body,
        direction=message.direction,
        status=message.status,
        created_us=message.history[0][1],
        error_code=message.error_code or 0,
        status_callback=message.status_callback,
        messaging_service_sid=message.service_sid or "",
        num_segments=message.segments,
        history=tuple(Step(status=status, at_us=at) for status, at in message.history),
    )


def _number_view(number: Number) -> NumberView:
    return NumberView(
        number=number.phone,
        sid=number.sid,
        account_sid=number.account_sid,
        voice_url=number.voice_url,
        sms_url=number.sms_url,
        status_callback=number.status_callback,
    )


class Carrier:
    """Twilio in the twin."""

    def __init__(
        self, world: World, *, on_answer: AnswerObserver | None = None, on_webhook: Observer | None = None
    ) -> None:
        self._world = world
        self._callbacks = Callbacks(world, on_webhook)
        self.state = TwilioState(world.config.message_limit)
        self._texts = Texts(world, self.state, self._callbacks)
        self._inbound = Inbound(world, self.state, self._callbacks, self._texts)
        self._api = TwilioApi(
            world,
            self.state,
            messages=MessagesApi(world, self.state, self._texts),
            numbers=NumbersApi(self.state),
            calls=CallsApi(world, self.state, self._callbacks),
            observer=on_answer,
        )
        self._open_accounts()

    def _open_accounts(self) -> None:
        config, now = self._world.config, self._world.now()
        live = Account(config.account_sid, (config.auth_token,), is_test=False, created_at=now)
        test = Account(config.test_account_sid, (config.test_auth_token,), is_test=True, created_at=now)
        self.state.accounts = {live.sid: live, test.sid: test}

    def routes(self) -> list[web.RouteDef]:
        """List the routes of the pretended API."""
        return self._api.routes()

    async def close(self) -> None:
        """Close its connections to us."""
        await self._callbacks.close()

    def reset(self, *, numbers: bool) -> None:
        """Forget all traffic; with `numbers` also numbers, services and added accounts."""
        self._callbacks.forget_lines()
        self.state.forget_traffic()
        if numbers:
            self.state.numbers.clear()
            self.state.services.clear()
            self._open_accounts()

    def _account(self, sid: str) -> str:
        sid = sid or self._world.config.account_sid
        if sid not in self.state.accounts:
            raise Refused("twin.account_unknown", f"{sid} is not an account of the twin", status=404)
        return sid

    def set_account(self, setup: AccountSetup) -> None:
        """Open an account, or change its tokens; refuses with `twin.account_invalid`."""
        if not _ACCOUNT.match(setup.account_sid) or not setup.auth_token:
            raise Refused("twin.account_invalid", "an account needs a sid (AC and 32 hex digits) and a token")
        tokens = (setup.auth_token, setup.older_token) if setup.older_token else (setup.auth_token,)
        known = self.state.accounts.get(setup.account_sid)
        if known is None:
            now = self._world.now()
            known = Account(setup.account_sid, tokens, is_test=False, created_at=now)
            self.state.accounts[known.sid] = known
        known.tokens = tokens
        known.shared_key = setup.shared_key

    def set_number(self, setup: NumberSetup) -> NumberView:
        """Give us a number, or change its addresses; refuses with `twin.number_invalid`."""
        if not is_phone(setup.number):
            raise Refused("twin.number_invalid", f"{setup.number} is not an E.164 number")
        now = self._world.now()
        known = self.state.numbers.get(setup.number)
        number = Number(
            sid=known.sid if known else new_sid("PN"),
            account_sid=self._account(setup.account_sid),
            phone=setup.number,
            created_at=known.created_at if known else now,
            updated_at=now,
            friendly_name=setup.friendly_name,
            voice_url=setup.voice_url,
            voice_fallback_url=setup.voice_fallback_url,
            sms_url=setup.sms_url,
            sms_fallback_url=setup.sms_fallback_url,
            status_callback=setup.status_callback,
        )
        self.state.numbers[setup.number] = number
        return _number_view(number)

    def numbers(self) -> tuple[NumberView, ...]:
        """List our numbers."""
        return tuple(_number_view(number) for number in self.state.numbers.values())

    def set_service(self, setup: ServiceSetup) -> None:
        """Open a messaging service, or change it; refuses with `twin.service_invalid`."""
        unknown = [number for number in setup.numbers if number not in self.state.numbers]
        if not _SERVICE.match(setup.service_sid) or unknown:
            raise Refused("twin.service_invalid", f"a service needs MG and 32 hex digits, and known numbers: {unknown}")
        self.state.services[setup.service_sid] = Service(
            sid=setup.service_sid,
            account_sid=self._account(setup.account_sid),
            numbers=setup.numbers,
            status_callback=setup.status_callback,
            inbound_url=setup.inbound_url,
            advanced_opt_out=setup.advanced_opt_out,
        )

    def set_fate(self, fate: Fate) -> None:
        """Script what becomes of texts (or calls of ours) to a number; refuses with `twin.fate_unknown`."""
        if fate.status not in _FATES:
            raise Refused("twin.fate_unknown", f"{fate.status} is not one of {sorted(_FATES)}")
        self.state.fates[fate.number] = fate_rule(fate.status, fate.error_code)

    def set_stop(self, stop: StopEntry, *, stopped: bool) -> None:
        """Block a pair as a STOP of which we never heard would, or lift the block."""
        pair = self.state.stop_key(stop.number, stop.customer)
        self.state.set_stop(pair, stopped=stopped)

    def stops(self) -> tuple[StopEntry, ...]:
        """List blocked pairs; `number` is the service's sid where a service keeps the block."""
        return self.state.list_stops()

    async def place_call(self, order: PlaceCall) -> CallReport:
        """Let a customer call; with `wait`, report when the last callback has been answered."""
        player = ring_in(self._world, self.state, self._callbacks, order)
        playing = self._world.start(player.run())
        if order.wait:
            await playing
        return player.report()

    async def send_text(self, order: SendText) -> TextReport:
        """Let a customer text; report when our webhook has answered."""
        return await self._inbound.receive(order)

    def texts_to(self, number: str) -> tuple[MessageView, ...]:
        """List texts that left towards a number, oldest first."""
        return tuple(view_of(message) for message in self.state.texts_to(number))

    def recent_messages(self, limit: int) -> tuple[MessageView, ...]:
        """List the last texts in both directions, oldest first."""
        return tuple(view_of(message) for message in self.state.recent_messages(limit))
