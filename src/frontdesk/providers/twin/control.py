"""The control API under `/_twin`: arrange the world, make things happen, look, wait."""

from __future__ import annotations

import hmac
import math
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, TypeAlias, TypeVar

import msgspec
from aiohttp import web

from frontdesk.kernel.errors import Refused
from frontdesk.providers.twin.calendar_control import TARGETS as CALENDAR_TARGETS
from frontdesk.providers.twin.calendar_control import CalendarControl
from frontdesk.providers.twin.faults import ANY, API_FAULTS, Fault
from frontdesk.providers.twin.journal import JournalEntry
from frontdesk.providers.twin.openai.company import Operation as OpenAiOperation
from frontdesk.providers.twin.stripe.events import STRIPE_EVENT
from frontdesk.providers.twin.stripe_control import TARGETS as STRIPE_TARGETS
from frontdesk.providers.twin.stripe_control import StripeControl
from frontdesk.providers.twin.telnyx.company import NAME as TELNYX
from frontdesk.providers.twin.telnyx.company import Telnyx
from frontdesk.providers.twin.telnyx.exchange import Operation as TelnyxOperation
from frontdesk.providers.twin.twilio.callbacks import WebhookKind
from frontdesk.providers.twin.twilio.carrier import Carrier
from frontdesk.providers.twin.twilio.exchange import Operation
from frontdesk.providers.twin.wire import (
    AccountSetup,
    Fate,
    FaultKind,
    FaultOrder,
    FaultView,
    MessageView,
    NumberSetup,
    PlaceCall,
    ResetOrder,
    SendText,
    ServiceSetup,
    Settings,
    StateReport,
    StopEntry,
    WaitReport,
)
from frontdesk.providers.twin.world import World

_T = TypeVar("_T")
TOKEN_HEADER: Final = "X-Twin-Token"  # noqa: S105 - a header's name
_LOOPBACK: Final = ("127.0.0.1", "localhost", "[::1]")
_LONGEST_WAIT: Final = 300.0
_SHOWN: Final = 1000
_CARRIER_TARGETS: Final = frozenset(Operation) | frozenset(WebhookKind) | frozenset(TelnyxOperation)
_TARGETS: Final = _CARRIER_TARGETS | CALENDAR_TARGETS | STRIPE_TARGETS | frozenset(OpenAiOperation) | {ANY}
_PROVIDERS: Final = ("twilio", TELNYX)

Endpoint: TypeAlias = Callable[[web.Request], Awaitable[object]]


def _view(fault: Fault) -> FaultView:
    return FaultView(
        fault_id=fault.fault_id,
        kind=fault.kind,
        on=fault.on,
        recipient=fault.recipient,
        remaining=fault.remaining,
        hits=fault.hits,
    )


async def _order(request: web.Request, kind: type[_T]) -> _T:
    """Read a JSON body; an empty one is an order without members."""
    body = await request.read() or b"{}"
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.DecodeError as error:
        raise Refused("twin.order_invalid", str(error), status=422) from error


def _number(request: web.Request, name: str, default: float, *, most: float = math.inf) -> float:
    text = request.query.get(name, "")
    try:
        value = float(text) if text else default
    except ValueError as error:
        raise Refused("twin.query_invalid", f"{name}={text} is not a number", status=422) from error
    if not 0 <= value <= most:
        raise Refused("twin.query_invalid", f"{name}={text} is outside 0..{most}", status=422)
    return value


def _merged(*lists: Sequence[MessageView]) -> tuple[MessageView, ...]:
    return tuple(sorted((view for views in lists for view in views), key=lambda view: view.created_us))


class Control:
    """Answers the control API; every answer is JSON, a refusal is problem+json."""

    def __init__(
        self, world: World, carrier: Carrier, telnyx: Telnyx, calendars: CalendarControl, payments: StripeControl
    ) -> None:
        self._world = world
        self._calendars = calendars
        self._payments = payments
        self._carrier = carrier
        self._telnyx = telnyx

    def routes(self) -> list[web.RouteDef]:
        """List the routes."""
        table: list[tuple[str, str, Endpoint]] = [
            ("GET", "/health", self._health),
            ("GET", "/state", self._state),
            ("GET", "/settings", self._settings),
            ("POST", "/settings", self._change_settings),
            ("POST", "/accounts", self._set_account),
            ("GET", "/numbers", self._numbers),
            ("POST", "/numbers", self._set_number),
            ("POST", "/services", self._set_service),
            ("POST", "/fates", self._set_fate),
            ("POST", "/stops", self._stop),
            ("DELETE", "/stops", self._unstop),
            ("POST", "/calls", self._place_call),
            ("POST", "/texts", self._send_text),
            ("GET", "/faults", self._faults),
            ("POST", "/faults", self._inject),
            ("DELETE", "/faults", self._clear_faults),
            ("GET", "/journal", self._journal),
            ("GET", "/webhooks", self._webhooks),
            ("GET", "/messages", self._messages),
            ("GET", "/texts_to", self._texts_to),
            ("GET", "/wait", self._wait),
            ("POST", "/reset", self._reset),
            *self._calendars.table(),
            *self._payments.table(),
        ]
        return [web.route(method, "/_twin" + path, self._serve(how)) for method, path, how in table]

    def _serve(self, endpoint: Endpoint) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def serve(request: web.Request) -> web.Response:
            try:
                self._admit(request)
                answer = await endpoint(request)
            except Refused as refusal:
                problem = {"code": refusal.code, "detail": refusal.message, "status": refusal.status}
                body = msgspec.json.encode(problem)
                return web.Response(status=refusal.status, body=body, content_type="application/problem+json")
            return web.Response(body=msgspec.json.encode(answer), content_type="application/json")

        return serve

    def _admit(self, request: web.Request) -> None:
        """Let in who knows the token; without one, who speaks to a loopback address (a browser's page cannot)."""
        token = self._world.config.control_token
        if token:
            given = request.headers.get(TOKEN_HEADER, "")
            if not hmac.compare_digest(given.encode(), token.encode()):
                raise Refused("twin.token_wrong", f"{TOKEN_HEADER} is missing or wrong", status=401)
            return
        if request.host.rsplit(":", 1)[0] not in _LOOPBACK or "Origin" in request.headers:
            raise Refused("twin.not_loopback", "without a control token only programs on this machine", status=403)

    async def _health(self, _request: web.Request) -> object:
        return {"ok": True}

    async def _state(self, _request: web.Request) -> object:
        world, state = self._world, self._carrier.state
        return StateReport(
            base_url=world.base_url,
            account_sid=world.config.account_sid,
            settings=world.settings,
            numbers=self._carrier.numbers() + self._telnyx.numbers(),
            services=tuple(state.services),
            stops=self._carrier.stops() + self._telnyx.stops(),
            faults=tuple(_view(fault) for fault in world.faults.listed()),
            messages=len(state.messages) + len(self._telnyx.state.messages),
            calls=len(state.calls),
            recordings=len(state.recordings),
            requests=world.journal.requests_seen,
            webhooks=world.journal.webhooks_seen,
            pending=world.pending,
            totals=dict(Counter(state.totals) + Counter(self._telnyx.state.totals)),
        )

    async def _settings(self, _request: web.Request) -> object:
        return self._world.settings

    async def _change_settings(self, request: web.Request) -> object:
        change = await _order(request, dict[str, object])
        callbacks = change.pop("callbacks", None)
        if callbacks is not None:
            change["callback_share"] = {"off": 0.0, "on": 1.0}.get(str(callbacks), callbacks)
        present = msgspec.to_builtins(self._world.settings)
        try:
            self._world.settings = msgspec.convert(present | change, Settings)
        except msgspec.ValidationError as error:
            raise Refused("twin.order_invalid", str(error), status=422) from error
        return self._world.settings

    async def _set_account(self, request: web.Request) -> object:
        self._carrier.set_account(await _order(request, AccountSetup))
        return {"ok": True}

    async def _numbers(self, _request: web.Request) -> object:
        return self._carrier.numbers() + self._telnyx.numbers()

    async def _set_number(self, request: web.Request) -> object:
        order = await _order(request, NumberSetup)
        return self._company(order.provider).set_number(order)

    async def _set_service(self, request: web.Request) -> object:
        self._carrier.set_service(await _order(request, ServiceSetup))
        return {"ok": True}

    async def _set_fate(self, request: web.Request) -> object:
        order = await _order(request, Fate)
        self._company(order.provider).set_fate(order)
        return {"ok": True}

    async def _stop(self, request: web.Request) -> object:
        return await self._block(request, stopped=True)

    async def _unstop(self, request: web.Request) -> object:
        return await self._block(request, stopped=False)

    async def _block(self, request: web.Request, *, stopped: bool) -> object:
        order = await _order(request, StopEntry)
        company = self._telnyx if self._telnyx.has(order.number) else self._carrier
        company.set_stop(order, stopped=stopped)
        return self._carrier.stops() + self._telnyx.stops()

    def _company(self, provider: str) -> Carrier | Telnyx:
        if provider not in _PROVIDERS:
            raise Refused("twin.provider_unknown", f"{provider} is not one of {_PROVIDERS}", status=422)
        return self._telnyx if provider == TELNYX else self._carrier

    async def _place_call(self, request: web.Request) -> object:
        return await self._carrier.place_call(await _order(request, PlaceCall))

    async def _send_text(self, request: web.Request) -> object:
        order = await _order(request, SendText)
        company = self._telnyx if self._telnyx.has(order.to) else self._carrier
        return await company.send_text(order)

    async def _faults(self, _request: web.Request) -> object:
        return [_view(fault) for fault in self._world.faults.listed()]

    async def _inject(self, request: web.Request) -> object:
        order = await _order(request, FaultOrder)
        on = order.on or (Operation.MESSAGES_CREATE if order.kind in API_FAULTS else ANY)
        if order.kind in (FaultKind.REORDER, FaultKind.BEFORE_REPLY) and on != STRIPE_EVENT:
            on = WebhookKind.SMS_STATUS
        if on not in _TARGETS:
            raise Refused("twin.fault_target_unknown", f"{on} is not one of {sorted(_TARGETS)}", status=422)
        return _view(self._world.faults.add(order, on))

    async def _clear_faults(self, request: web.Request) -> object:
        one = request.query.get("id")
        lifted = self._world.faults.clear(int(_number(request, "id", 0)) if one else None)
        return {"lifted": lifted}

    async def _journal(self, request: web.Request) -> object:
        operation, to = request.query.get("operation", ""), request.query.get("to", "")

        def keep(entry: JournalEntry) -> bool:
            return (not operation or entry.operation == operation) and (not to or entry.concerns(to))

        after, limit = int(_number(request, "after", 0)), int(_number(request, "limit", _SHOWN))
        entries = self._world.journal.requests(after=after, limit=limit, keep=keep if operation or to else None)
        return [entry.view() for entry in entries]

    async def _webhooks(self, request: web.Request) -> object:
        limit = int(_number(request, "limit", _SHOWN))
        return self._world.journal.webhooks(kind=request.query.get("kind", ""), limit=limit)

    async def _messages(self, request: web.Request) -> object:
        limit = int(_number(request, "limit", _SHOWN))
        views = _merged(self._carrier.recent_messages(limit), self._telnyx.recent_messages(limit))
        return views[max(0, len(views) - limit) :]

    async def _texts_to(self, request: web.Request) -> object:
        return self._texts(request.query.get("number", ""))

    def _texts(self, to: str) -> tuple[MessageView, ...]:
        return _merged(self._carrier.texts_to(to), self._telnyx.texts_to(to))

    async def _wait(self, request: web.Request) -> object:
        """Wait for `count` texts `to` somebody (or anybody) that reached `status`, or with `idle` for quiet."""
        timeout = _number(request, "timeout", 5.0, most=_LONGEST_WAIT)
        if "idle" in request.query:
            met = await self._world.wait_until(lambda: self._world.pending == 0, timeout)
            return WaitReport(met=met, count=self._world.pending)
        to, status = request.query.get("to", ""), request.query.get("status", "delivered")
        contains, count = request.query.get("contains", ""), int(_number(request, "count", 1))

        def reached() -> int:
            return sum(
                company.state.count_reached(to=to, status=status, contains=contains)
                for company in (self._carrier, self._telnyx)
            )

        met = await self._world.wait_until(lambda: reached() >= count, timeout)
        return WaitReport(met=met, count=reached(), messages=self._texts(to) if to else ())

    async def _reset(self, request: web.Request) -> object:
        order = await _order(request, ResetOrder)
        await self._world.reset()
        self._carrier.reset(numbers=order.numbers)
        self._telnyx.reset(numbers=order.numbers)
        self._calendars.reset()
        self._payments.reset()
        return {"ok": True}
