"""Ring somebody through Twilio's Calls resource; one call is one request, never a retry."""

from __future__ import annotations

from urllib.parse import urlencode

import msgspec

from frontdesk.kernel.clock import Clock
from frontdesk.providers.http import HttpClient
from frontdesk.providers.twilio.account import TwilioAccount
from frontdesk.providers.twilio.errors import error_from_reply

_CREATED = 201


class _CreatedCall(msgspec.Struct, frozen=True):
    sid: str


_created_call = msgspec.json.Decoder(_CreatedCall)


class TwilioCalling:
    """Twilio as a CallPlacer, for one account; `http` is closed by its owner."""

    def __init__(self, account: TwilioAccount, http: HttpClient, *, clock: Clock) -> None:
        self._clock = clock
        self._target = account.target("Calls.json")
        self._api = account.open_api(http)

    async def place_call(self, *, caller_e164: str, called_e164: str, waits_seconds: int) -> str:
        """Ring a number, stay on the line without a word, hang up; returns Twilio's id of the call.

        Refuses with ProviderError. Twilio gives up by itself where nobody picks up within `waits_seconds`.
        """
        form = {
            "From": caller_e164,
            "To": called_e164,
            "Timeout": str(waits_seconds),
            "Twiml": f'<Response><Pause length="{waits_seconds}"/><Hangup/></Response>',
        }
        reply = await self._api.post(self._target, urlencode(form).encode())
        if reply.status == _CREATED:
            try:
                return _created_call.decode(reply.body).sid
            except msgspec.MsgspecError:
                pass
        raise error_from_reply(reply, now=self._clock.now(), may_repeat=False)
