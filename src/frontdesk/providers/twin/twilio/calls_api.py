"""Calls, recordings and the account itself in the API."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from frontdesk.providers.twin.phones import is_phone
from frontdesk.providers.twin.sound import silent_mp3, tone_wav
from frontdesk.providers.twin.twilio import magic
from frontdesk.providers.twin.twilio.callbacks import Callbacks
from frontdesk.providers.twin.twilio.errors import TwilioRefusal
from frontdesk.providers.twin.twilio.exchange import ApiCall, Reply, list_reply, not_found
from frontdesk.providers.twin.twilio.shapes import Json, account_json, call_json, recording_json
from frontdesk.providers.twin.twilio.state import Call, Direction, Number, Recording, TwilioState, new_sid
from frontdesk.providers.twin.twilio.voice import Player, ring_in
from frontdesk.providers.twin.wire import CallOutcome, PlaceCall
from frontdesk.providers.twin.world import World

_OPENING_BALANCE: Final = 100.0
_ENDS: Final = frozenset({"busy", "no-answer", "failed"})


class CallsApi:
    """Answers about calls and what was recorded in them."""

    def __init__(self, world: World, state: TwilioState, callbacks: Callbacks) -> None:
        self._world = world
        self._state = state
        self._callbacks = callbacks

    def create(self, call: ApiCall) -> Reply:
        """Ring somebody for us; whoever has no scripted fate (busy, no-answer, failed) picks up."""
        form = call.form
        sender, to, url, document = form.get("From"), form.get("To"), form.get("Url"), form.get("Twiml")
        self._check(call, sender, to, url or document)
        owned = self._state.numbers.get(sender)
        placed = Call(
            sid=new_sid("CA"),
            account_sid=call.account.sid,
            direction=Direction.OUTBOUND_API,
            sender=sender,
            to=to,
            number_sid=owned.sid if owned else None,
            status="queued",
            created_at=call.now,
            updated_at=call.now,
        )
        if not call.account.is_test:
            self._state.add_call(placed)
            self._start(call, placed, url, document)
        return Reply(201, call_json(placed), effect=placed.sid)

    def _check(self, call: ApiCall, sender: str, to: str, instructions: str) -> None:
        if not to:
            raise TwilioRefusal(21201)
        if not sender:
            raise TwilioRefusal(21213)
        if call.account.is_test:
            magic.check_call(sender, to)
        else:
            number = self._state.numbers.get(sender)
            if number is None or number.account_sid != call.account.sid:
                raise TwilioRefusal(21210, detail=sender)
            if not is_phone(to):
                raise TwilioRefusal(21217, detail=to)
        if not instructions:
            raise TwilioRefusal(21205)

    def _start(self, call: ApiCall, placed: Call, url: str, document: str) -> None:
        form = call.form
        line = Number(
            sid=placed.number_sid or "",
            account_sid=placed.account_sid,
            phone=placed.sender,
            created_at=call.now,
            updated_at=call.now,
            voice_url=url,
            voice_method=form.get("Method", "POST"),
            voice_fallback_url=form.get("FallbackUrl"),
            status_callback=form.get("StatusCallback"),
            status_callback_method=form.get("StatusCallbackMethod", "POST"),
        )
        events = frozenset(form.get_all("StatusCallbackEvent")) or frozenset({"completed"})
        script = PlaceCall(caller=placed.sender, to=placed.to, outcome=CallOutcome.ANSWERED, seconds=5)
        player = Player(
            world=self._world,
            state=self._state,
            callbacks=self._callbacks,
            call=placed,
            number=line,
            script=script,
            events=events,
        )
        fate = self._state.fates.get(placed.to)
        end = fate.status if fate is not None and fate.status in _ENDS else "completed"
        self._world.start(player.run_outbound(document, end))
        rung = self._state.numbers.get(placed.to)
        if rung is not None and rung.voice_url:
            ringing = PlaceCall(caller=placed.sender, to=placed.to, wait=False)
            self._world.start(ring_in(self._world, self._state, self._callbacks, ringing).run())

    def list_all(self, call: ApiCall) -> Reply:
        """List calls, newest first, filtered by To, From, Status and ParentCallSid."""
        query = call.query
        wanted = [(name, query.get(name)) for name in ("To", "From", "Status", "ParentCallSid") if name in query]
        found = (each for each in reversed(self._state.calls.values()) if self._matches(call, each, wanted))
        return list_reply(call, "calls", found, sid=lambda c: c.sid, shape=call_json)

    def _matches(self, call: ApiCall, each: Call, wanted: Iterable[tuple[str, str]]) -> bool:
        have = {"To": each.to, "From": each.sender, "Status": each.status, "ParentCallSid": each.parent_sid}
        return each.account_sid == call.account.sid and all(have[name] == value for name, value in wanted)

    def fetch(self, call: ApiCall) -> Reply:
        """Show a call."""
        return Reply(200, call_json(self._call(call)))

    def update(self, call: ApiCall) -> Reply:
        """End a call (Status completed or canceled); what it is just doing is done first."""
        found = self._call(call)
        if call.form.get("Status") in ("completed", "canceled"):
            if found.ended_at is not None:
                raise TwilioRefusal(21220)
            found.hang_up = True
            found.updated_at = call.now
        return Reply(200, call_json(found))

    def delete(self, call: ApiCall) -> Reply:
        """Forget a call."""
        del self._state.calls[self._call(call).sid]
        return Reply(204)

    def list_recordings(self, call: ApiCall) -> Reply:
        """List recordings, newest first, of the call in the path or in CallSid."""
        wanted = call.parts.get("sid") or call.query.get("CallSid")
        found = [
            each
            for each in reversed(self._state.recordings.values())
            if each.account_sid == call.account.sid and wanted in ("", each.call_sid)
        ]
        shape = self._shape_in_call if "sid" in call.parts else self._shape
        return list_reply(call, "recordings", found, sid=lambda r: r.sid, shape=shape)

    def _shape(self, recording: Recording) -> Json:
        return recording_json(recording, self._world.base_url)

    def _shape_in_call(self, recording: Recording) -> Json:
        """Under a call the price is a number and there is no media address, in the official schema."""
        document = dict(self._shape(recording))
        del document["media_url"], document["subresource_uris"]
        return document | {"price": -0.0025, "track": "both"}

    def fetch_recording(self, call: ApiCall) -> Reply:
        """Show a recording."""
        return Reply(200, self._shape(self._recording(call)))

    def fetch_sound(self, call: ApiCall) -> Reply:
        """Give a recording's sound: `.mp3` is silence, `.wav` or no ending a tone."""
        seconds = self._recording(call).duration
        if call.path.endswith(".mp3"):
            return Reply(200, content=silent_mp3(seconds), content_type="audio/mpeg")
        return Reply(200, content=tone_wav(seconds), content_type="audio/x-wav")

    def delete_recording(self, call: ApiCall) -> Reply:
        """Erase a recording."""
        del self._state.recordings[self._recording(call).sid]
        return Reply(204)

    def fetch_balance(self, call: ApiCall) -> Reply:
        """Tell the money left."""
        spent = sum(float(m.price or 0) for m in self._state.newest_messages() if m.account_sid == call.account.sid)
        left = f"{_OPENING_BALANCE + spent:.4f}"
        return Reply(200, {"account_sid": call.account.sid, "balance": left, "currency": "USD"})

    def fetch_account(self, call: ApiCall) -> Reply:
        """Show the account."""
        return Reply(200, account_json(call.account))

    def _call(self, call: ApiCall) -> Call:
        found = self._state.calls.get(call.parts["sid"])
        if found is None or found.account_sid != call.account.sid:
            raise not_found(call)
        return found

    def _recording(self, call: ApiCall) -> Recording:
        found = self._state.recordings.get(call.parts["sid"])
        if found is None or found.account_sid != call.account.sid:
            raise not_found(call)
        return found
