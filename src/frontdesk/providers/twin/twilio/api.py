"""Twilio's HTTP API at the door: arrival, authentication, faults, operation, reply."""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final, TypeAlias

import msgspec
from aiohttp import web

from frontdesk.providers.twin.arrival import write_down
from frontdesk.providers.twin.faults import API_FAULTS, BEFORE_EFFECT, Fault
from frontdesk.providers.twin.journal import JournalEntry, read_form
from frontdesk.providers.twin.mischief import Intended, send_badly
from frontdesk.providers.twin.twilio.calls_api import CallsApi
from frontdesk.providers.twin.twilio.errors import TwilioRefusal
from frontdesk.providers.twin.twilio.exchange import ApiCall, Fields, Operation, Reply
from frontdesk.providers.twin.twilio.messages_api import MessagesApi
from frontdesk.providers.twin.twilio.numbers_api import NumbersApi
from frontdesk.providers.twin.twilio.shapes import API_VERSION
from frontdesk.providers.twin.twilio.state import Account, TwilioState
from frontdesk.providers.twin.wire import FaultKind
from frontdesk.providers.twin.world import World

# Source: twilio.com/docs/iam/test-credentials; everything else answers 403.
_FOR_TEST_ACCOUNTS: Final = frozenset({Operation.MESSAGES_CREATE, Operation.CALLS_CREATE, Operation.NUMBERS_CREATE})
_AFTER_EFFECT: Final = API_FAULTS - BEFORE_EFFECT
_encode: Final = msgspec.json.Encoder().encode

Endpoint: TypeAlias = Callable[[ApiCall], Reply]


@dataclass(frozen=True, slots=True)
class Answered:
    """A request and the answer the API gave, before any fault spoilt it; for tests that check the contract."""

    method: str
    path: str
    operation: Operation
    status: int
    content_type: str
    content: bytes


AnswerObserver: TypeAlias = Callable[[Answered], None]


class TwilioApi:
    """The routes under `/2010-04-01`."""

    def __init__(
        self,
        world: World,
        state: TwilioState,
        *,
        messages: MessagesApi,
        numbers: NumbersApi,
        calls: CallsApi,
        observer: AnswerObserver | None,
    ) -> None:
        self._world = world
        self._state = state
        self._messages = messages
        self._numbers = numbers
        self._calls = calls
        self._observer = observer
        self._known_credentials: dict[str, tuple[tuple[str, ...], Account | None]] = {}

    def routes(self) -> list[web.RouteDef]:
        """List the routes, the busiest first."""
        root = f"/{API_VERSION}/Accounts/{{account}}"
        sid, media = r"{sid:\w+}", r"{media_sid:\w+}"
        m, n, c, op = self._messages, self._numbers, self._calls, Operation
        table: list[tuple[str, str, Operation, Endpoint]] = [
            ("POST", "/Messages.json", op.MESSAGES_CREATE, m.create),
            ("GET", "/Messages.json", op.MESSAGES_LIST, m.list_all),
            ("GET", f"/Messages/{sid}.json", op.MESSAGES_FETCH, m.fetch),
            ("POST", f"/Messages/{sid}.json", op.MESSAGES_UPDATE, m.update),
            ("DELETE", f"/Messages/{sid}.json", op.MESSAGES_DELETE, m.delete),
            ("GET", f"/Messages/{sid}/Media.json", op.MEDIA_LIST, m.list_media),
            ("GET", f"/Messages/{sid}/Media/{media}.json", op.MEDIA_FETCH, m.fetch_media),
            ("GET", f"/Messages/{sid}/Media/{media}", op.MEDIA_FETCH, m.fetch_media),
            ("POST", "/Calls.json", op.CALLS_CREATE, c.create),
            ("GET", "/Calls.json", op.CALLS_LIST, c.list_all),
            ("GET", f"/Calls/{sid}.json", op.CALLS_FETCH, c.fetch),
            ("POST", f"/Calls/{sid}.json", op.CALLS_UPDATE, c.update),
            ("DELETE", f"/Calls/{sid}.json", op.CALLS_DELETE, c.delete),
            ("GET", f"/Calls/{sid}/Recordings.json", op.CALL_RECORDINGS_LIST, c.list_recordings),
            ("GET", "/IncomingPhoneNumbers.json", op.NUMBERS_LIST, n.list_all),
            ("POST", "/IncomingPhoneNumbers.json", op.NUMBERS_CREATE, n.create),
            ("GET", f"/IncomingPhoneNumbers/{sid}.json", op.NUMBERS_FETCH, n.fetch),
            ("POST", f"/IncomingPhoneNumbers/{sid}.json", op.NUMBERS_UPDATE, n.update),
            ("DELETE", f"/IncomingPhoneNumbers/{sid}.json", op.NUMBERS_DELETE, n.delete),
            ("GET", "/AvailablePhoneNumbers.json", op.AVAILABLE_COUNTRIES, n.list_countries),
            ("GET", "/AvailablePhoneNumbers/{country}/{kind}.json", op.AVAILABLE_NUMBERS, n.list_for_sale),
            ("GET", "/Recordings.json", op.RECORDINGS_LIST, c.list_recordings),
            ("GET", f"/Recordings/{sid}.json", op.RECORDINGS_FETCH, c.fetch_recording),
            ("DELETE", f"/Recordings/{sid}.json", op.RECORDINGS_DELETE, c.delete_recording),
            ("GET", f"/Recordings/{sid}{{ending:(?:\\.wav|\\.mp3)?}}", op.RECORDINGS_SOUND, c.fetch_sound),
            ("GET", "/Balance.json", op.BALANCE_FETCH, c.fetch_balance),
        ]
        routes = [web.route(method, root + path, self._serve(what, how)) for method, path, what, how in table]
        account = f"/{API_VERSION}/Accounts/{{account:\\w+}}.json"
        routes.append(web.get(account, self._serve(op.ACCOUNT_FETCH, c.fetch_account)))
        routes.append(web.route("*", f"/{API_VERSION}/{{rest:.*}}", self._serve(op.UNKNOWN, _nothing_there)))
        return routes

    def _serve(
        self, operation: Operation, endpoint: Endpoint
    ) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def serve(request: web.Request) -> web.StreamResponse:
            entry = await write_down(self._world, request, operation)
            return await self._answer(request, operation, endpoint, entry)

        return serve

    async def _answer(
        self, request: web.Request, operation: Operation, endpoint: Endpoint, entry: JournalEntry
    ) -> web.StreamResponse:
        form = Fields(read_form(entry.body))
        recipient = form.get("To")
        fault: Fault | None = None
        try:
            account = self._authenticate(request)
            entry.account_sid = account.sid
            self._fail_before(operation, recipient, entry)
            _check_test_account(account, operation)
            query = Fields(read_form(entry.query))
            reply = endpoint(
                ApiCall(
                    account=account,
                    path=entry.path,
                    parts=request.match_info,
                    query=query,
                    form=form,
                    now=self._world.now(),
                )
            )
            entry.effect = reply.effect
            if reply.before is not None:
                await reply.before
            fault = self._world.faults.strike(_AFTER_EFFECT, operation, recipient)
        except TwilioRefusal as refusal:
            reply = Reply(refusal.status, refusal.document())
        except _SpoiltBefore as spoilt:
            return spoilt.response
        entry.status = reply.status
        content = reply.content if reply.document is None else _encode(reply.document)
        if self._observer is not None:
            self._observer(Answered(request.method, entry.path, operation, reply.status, reply.content_type, content))
        if fault is not None:
            entry.fault = fault.kind
            broken = _encode(TwilioRefusal(20500, status=fault.status).document())
            intended = Intended(status=reply.status, content_type=reply.content_type, content=content, broken=broken)
            return await send_badly(request, fault, intended, entry, self._world.clock)
        return _response(reply, content)

    def _fail_before(self, operation: Operation, recipient: str, entry: JournalEntry) -> None:
        fault = self._world.faults.strike(BEFORE_EFFECT, operation, recipient)
        if fault is None:
            return
        entry.fault = fault.kind
        if fault.kind is FaultKind.REFUSED:
            raise TwilioRefusal(fault.code, status=fault.status)
        limited = fault.kind is FaultKind.RATE_LIMITED
        refusal = TwilioRefusal(20429, status=429) if limited else TwilioRefusal(20503, status=fault.status)
        headers = {"Retry-After": fault.retry_after} if limited and fault.retry_after is not None else {}
        entry.status = refusal.status
        raise _SpoiltBefore(_response(Reply(refusal.status, refusal.document()), _encode(refusal.document()), headers))

    def _authenticate(self, request: web.Request) -> Account:
        """Find the account whose credentials came with the request and whose path it names."""
        header = request.headers.get("Authorization", "")
        tokens, account = self._known_credentials.get(header, ((), None))
        if account is None or account.tokens is not tokens:
            account = self._check_credentials(header)
            self._known_credentials[header] = (account.tokens, account)
        if request.match_info.get("account", account.sid) != account.sid:
            raise TwilioRefusal(20003, status=401)
        return account

    def _check_credentials(self, header: str) -> Account:
        kind, _, encoded = header.partition(" ")
        try:
            user, _, password = base64.b64decode(encoded, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            user, password = "", ""
        account = self._state.accounts.get(user)
        accepted = account is not None and any(
            hmac.compare_digest(token.encode(), password.encode()) for token in account.tokens
        )
        if kind.lower() != "basic" or account is None or not accepted:
            raise TwilioRefusal(20003, status=401)
        return account


class _SpoiltBefore(Exception):
    """A fault answered instead of the operation."""

    def __init__(self, response: web.Response) -> None:
        super().__init__()
        self.response = response


def _response(reply: Reply, content: bytes, headers: Mapping[str, str] | None = None) -> web.Response:
    response = web.Response(body=content or None, status=reply.status, headers=headers)
    if content:
        response.headers["Content-Type"] = reply.content_type
    if reply.status == HTTPStatus.UNAUTHORIZED:
        response.headers["WWW-Authenticate"] = 'Basic realm="Twilio API"'
    return response


def _check_test_account(account: Account, operation: Operation) -> None:
    if account.is_test and operation not in _FOR_TEST_ACCOUNTS:
        raise TwilioRefusal(20008, status=403)


def _nothing_there(call: ApiCall) -> Reply:
    raise TwilioRefusal(20404, status=404, detail=call.path)
