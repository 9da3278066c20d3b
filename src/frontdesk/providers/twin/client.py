"""A client of the twin's control API, for the demo, the simulate button and tests."""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType
from typing import Final, Self, TypeVar

import aiohttp
import msgspec

from frontdesk.kernel.errors import Refused
from frontdesk.providers.twin.wire import (
    AccountSetup,
    CallOutcome,
    CallReport,
    Fate,
    FaultOrder,
    FaultView,
    JournalView,
    MediaOrder,
    MessageView,
    NumberSetup,
    NumberView,
    Order,
    PlaceCall,
    ResetOrder,
    SendText,
    ServiceSetup,
    Settings,
    StateReport,
    StopEntry,
    TextReport,
    WaitReport,
    WebhookReport,
)

_T = TypeVar("_T")
_DEADLINE: Final = 330.0


class _Problem(msgspec.Struct):
    code: str
    detail: str
    status: int


class TwinControl:
    """Speaks to one twin; close it, or use it as an async context manager. Refusals arrive as `Refused`."""

    def __init__(self, base_url: str, *, token: str = "") -> None:
        self._base = base_url.rstrip("/") + "/_twin"
        self._headers = {"X-Twin-Token": token} if token else {}
        self._session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        """Close the connection."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        await self.close()

    async def ask(
        self,
        method: str,
        path: str,
        answer: type[_T],
        *,
        order: Order | Mapping[str, object] | None = None,
        query: Mapping[str, str] | None = None,
    ) -> _T:
        """Make one request to the control API and read its answer as `answer`; a refusal arrives as `Refused`."""
        if self._session is None:
            timeout = aiohttp.ClientTimeout(total=_DEADLINE)
            self._session = aiohttp.ClientSession(headers=self._headers, timeout=timeout)
        data = None if order is None else msgspec.json.encode(order)
        headers = {"Content-Type": "application/json"} if data else None
        async with self._session.request(
            method, self._base + path, data=data, params=query, headers=headers
        ) as response:
            body = await response.read()
        if not response.ok:
            problem = msgspec.json.decode(body, type=_Problem)
            raise Refused(problem.code, problem.detail, status=problem.status)
        return msgspec.json.decode(body, type=answer)

    async def state(self) -> StateReport:
        """Look at everything at once."""
        return await self.ask("GET", "/state", StateReport)

    async def settings(self) -> Settings:
        """Read the settings."""
        return await self.ask("GET", "/settings", Settings)

    async def change_settings(self, settings: Settings) -> Settings:
        """Replace the settings; start from `settings()` with `msgspec.structs.replace` to change a few."""
        return await self.ask("POST", "/settings", Settings, order=settings)

    async def configure_account(self, setup: AccountSetup) -> None:
        """Open an account or change its tokens."""
        await self.ask("POST", "/accounts", dict[str, bool], order=setup)

    async def configure_number(
        self,
        number: str,
        *,
        voice_url: str = "",
        sms_url: str = "",
        status_callback: str = "",
        voice_fallback_url: str = "",
        sms_fallback_url: str = "",
        account_sid: str = "",
        provider: str = "twilio",
        messaging_profile_id: str = "",
    ) -> NumberView:
        """Give us a number and say where its calls and texts are announced."""
        setup = NumberSetup(
            number=number,
            voice_url=voice_url,
            sms_url=sms_url,
            status_callback=status_callback,
            voice_fallback_url=voice_fallback_url,
            sms_fallback_url=sms_fallback_url,
            account_sid=account_sid,
            provider=provider,
            messaging_profile_id=messaging_profile_id,
        )
        return await self.ask("POST", "/numbers", NumberView, order=setup)

    async def configure_service(self, setup: ServiceSetup) -> None:
        """Open a messaging service or change it."""
        await self.ask("POST", "/services", dict[str, bool], order=setup)

    async def script_fate(
        self, number: str, *, error_code: int = 0, status: str = "", provider: str = "twilio"
    ) -> None:
        """Say what becomes of texts to a number."""
        fate = Fate(number=number, error_code=error_code, status=status, provider=provider)
        await self.ask("POST", "/fates", dict[str, bool], order=fate)

    async def block_pair(self, *, number: str, customer: str) -> None:
        """Let the carrier know of a STOP that never reached us."""
        await self.ask("POST", "/stops", list[StopEntry], order=StopEntry(number=number, customer=customer))

    async def unblock_pair(self, *, number: str, customer: str) -> None:
        """Lift the carrier's block."""
        await self.ask("DELETE", "/stops", list[StopEntry], order=StopEntry(number=number, customer=customer))

    async def place_call(
        self,
        *,
        caller: str,
        to: str,
        outcome: CallOutcome = CallOutcome.NO_ANSWER,
        seconds: int | None = None,
        voicemail: bool = False,
        voicemail_seconds: int = 12,
        forwarded_from: str = "",
        call_sid: str = "",
        wait: bool = True,
    ) -> CallReport:
        """Let a customer call a number of ours; `seconds` of talk, or until the caller gives up, are the carrier's."""
        order = PlaceCall(
            caller=caller,
            to=to,
            outcome=outcome,
            seconds=seconds,
            voicemail=voicemail,
            voicemail_seconds=voicemail_seconds,
            forwarded_from=forwarded_from,
            call_sid=call_sid,
            wait=wait,
        )
        return await self.ask("POST", "/calls", CallReport, order=order)

    async def send_text(
        self, *, customer: str, to: str, body: str, media: tuple[MediaOrder, ...] = (), message_sid: str = ""
    ) -> TextReport:
        """Let a customer text a number of ours; reports how our webhook answered."""
        order = SendText(customer=customer, to=to, body=body, media=media, message_sid=message_sid)
        return await self.ask("POST", "/texts", TextReport, order=order)

    async def inject_fault(self, fault: FaultOrder) -> FaultView:
        """Put a fault in force: `FaultOrder(kind=FaultKind.REPLY_LOST, recipient=..., count=1)`."""
        return await self.ask("POST", "/faults", FaultView, order=fault)

    async def faults(self) -> list[FaultView]:
        """List faults, spent ones too."""
        return await self.ask("GET", "/faults", list[FaultView])

    async def clear_faults(self, fault_id: int | None = None) -> int:
        """Lift one fault or all; tell how many."""
        query = {} if fault_id is None else {"id": str(fault_id)}
        return (await self.ask("DELETE", "/faults", dict[str, int], query=query))["lifted"]

    async def journal(
        self, *, after: int = 0, limit: int = 1000, operation: str = "", to: str = ""
    ) -> list[JournalView]:
        """List requests the carrier received, oldest first."""
        query = {"after": str(after), "limit": str(limit), "operation": operation, "to": to}
        return await self.ask("GET", "/journal", list[JournalView], query=query)

    async def webhooks(self, *, kind: str = "", limit: int = 1000) -> list[WebhookReport]:
        """List webhooks the carrier posted to us, oldest first."""
        return await self.ask("GET", "/webhooks", list[WebhookReport], query={"kind": kind, "limit": str(limit)})

    async def messages(self, *, limit: int = 1000) -> list[MessageView]:
        """List the last texts in both directions."""
        return await self.ask("GET", "/messages", list[MessageView], query={"limit": str(limit)})

    async def texts_to(self, number: str) -> list[MessageView]:
        """List texts that left towards a number."""
        return await self.ask("GET", "/texts_to", list[MessageView], query={"number": number})

    async def wait_for_text(
        self, to: str = "", *, status: str = "delivered", count: int = 1, within: float = 5.0, contains: str = ""
    ) -> WaitReport:
        """Wait until `count` texts reached `status`; `met` is false when `within` seconds went by first."""
        query = {"to": to, "status": status, "count": str(count), "timeout": str(within), "contains": contains}
        return await self.ask("GET", "/wait", WaitReport, query=query)

    async def wait_until_idle(self, *, within: float = 5.0) -> bool:
        """Wait until nothing is due and every webhook was answered."""
        return (await self.ask("GET", "/wait", WaitReport, query={"idle": "1", "timeout": str(within)})).met

    async def reset(self, *, numbers: bool = False) -> None:
        """Forget all traffic, faults and settings; with `numbers` also numbers, services and accounts."""
        await self.ask("POST", "/reset", dict[str, bool], order=ResetOrder(numbers=numbers))
