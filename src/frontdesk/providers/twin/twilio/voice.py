"""Calls, played as a carrier plays them: our TwiML is fetched, obeyed, and its ends are reported to us."""

from __future__ import annotations

from enum import Enum
from typing import Final
from urllib.parse import quote, urljoin

from frontdesk.kernel.errors import Refused
from frontdesk.providers.twin.twilio.callbacks import Callbacks, Webhook, WebhookKind
from frontdesk.providers.twin.twilio.forms import call_form, call_progress_form, recording_form, recording_url
from frontdesk.providers.twin.twilio.state import Call, Direction, Number, Recording, TwilioState, new_sid
from frontdesk.providers.twin.twilio.twiml import (
    Dial,
    Hangup,
    Pause,
    Record,
    Redirect,
    Reject,
    Say,
    TwimlFault,
    Verb,
    read_voice,
)
from frontdesk.providers.twin.wire import CallOutcome, CallReport, PlaceCall, WebhookReport
from frontdesk.providers.twin.world import World

_MOST_DOCUMENTS: Final = 50
_LETTERS_PER_SECOND: Final = 15
_GIVE_UP_SECONDS: Final = 5
_TALK_SECONDS: Final = 42
_DIAL_STATES: Final = {
    CallOutcome.NO_ANSWER: "no-answer",
    CallOutcome.BUSY: "busy",
    CallOutcome.FAILED: "failed",
    CallOutcome.CANCELED: "canceled",
    CallOutcome.ANSWERED: "completed",
    CallOutcome.CALLER_HANGS_UP: "canceled",
}


class _Step(Enum):
    """Where a verb leads when it fetches no other document."""

    NEXT = "next"
    END = "end"


class _Target:
    """The document to fetch next."""

    def __init__(self, kind: WebhookKind, url: str, method: str, extra: dict[str, str] | None = None) -> None:
        self.kind = kind
        self.url = url
        self.method = method
        self.extra = extra or {}


class Player:
    """One call from first ring to the last callback."""

    def __init__(
        self,
        *,
        world: World,
        state: TwilioState,
        callbacks: Callbacks,
        call: Call,
        number: Number,
        script: PlaceCall,
        events: frozenset[str] = frozenset({"completed"}),
    ) -> None:
        self._world = world
        self._state = state
        self._callbacks = callbacks
        self._call = call
        self._number = number
        self._script = script
        self._events = events
        self._reports: list[WebhookReport] = []
        self._error = ""
        self._recording: Recording | None = None
        self._recording_status_url = ""
        self._gone = False
        self._elapsed = 0

    async def run(self) -> None:
        """Play the call to its end; what went wrong stands in the report."""
        target: _Target | None = _Target(WebhookKind.VOICE_ANSWER, self._number.voice_url, self._number.voice_method)
        documents = 0
        while target is not None:
            documents += 1
            if documents > _MOST_DOCUMENTS:
                self._error = "the call's documents go round in circles"
                break
            target = await self._play(target)
        await self._end()

    def report(self) -> CallReport:
        """Tell how the call went so far."""
        return CallReport(
            call_sid=self._call.sid,
            status=self._call.status,
            direction=self._call.direction,
            caller=self._call.sender,
            to=self._call.to,
            duration_seconds=self._call.duration,
            recording_sid=self._recording.sid if self._recording else "",
            error=self._error,
            webhooks=tuple(self._reports),
        )

    @property
    def _customer(self) -> str:
        return self._call.sender if self._call.direction is Direction.INBOUND else self._call.to

    async def _post(self, kind: WebhookKind, url: str, method: str, form: dict[str, str]) -> WebhookReport:
        is_answer = kind is WebhookKind.VOICE_ANSWER
        report = await self._callbacks.post(
            Webhook(
                kind=kind,
                account=self._state.accounts[self._call.account_sid],
                url=url,
                method=method,
                form=form,
                recipient=self._customer,
                fallback_url=self._number.voice_fallback_url if is_answer else "",
                fallback_method=self._number.voice_fallback_method,
            )
        )
        self._reports.append(report)
        return report

    async def _play(self, target: _Target) -> _Target | None:
        """Fetch a document and obey it; tell which one follows."""
        report = await self._post(target.kind, target.url, target.method, call_form(self._call) | target.extra)
        if self._gone or self._call.hang_up:
            return None
        if not report.taken:
            self._error = f"{target.kind} answered {report.status} {report.error}".rstrip()
            return None
        try:
            verbs = read_voice(report.reply)
        except TwimlFault as fault:
            self._error = str(fault)
            return None
        return await self._obey(verbs, report.url)

    async def _obey(self, verbs: tuple[Verb, ...], base: str) -> _Target | None:
        for verb in verbs:
            step = await self._perform(verb, base)
            if isinstance(step, _Target):
                return step
            if step is _Step.END or self._gone or self._call.hang_up:
                return None
        return None

    async def _perform(self, verb: Verb, base: str) -> _Target | _Step:
        match verb:
            case Say(text):
                return await self._speak(len(text) // _LETTERS_PER_SECOND)
            case Pause(seconds):
                return await self._speak(seconds)
            case Dial():
                extra = await self._ring(verb)
                following = _Target(WebhookKind.VOICE_DIAL, urljoin(base, verb.action), verb.method, extra)
                return following if verb.action else _Step.NEXT
            case Record():
                return await self._record(verb, base)
            case Redirect(url, method):
                return _Target(WebhookKind.VOICE_REDIRECT, urljoin(base, url), method)
            case Reject() | Hangup():
                if isinstance(verb, Reject):
                    self._finish("busy" if verb.busy else "no-answer")
                return _Step.END

    async def _speak(self, seconds: int) -> _Step:
        self._pick_up()
        await self._pass(seconds)
        return _Step.NEXT

    async def _ring(self, dial: Dial) -> dict[str, str]:
        """Ring the business as the script says; tell the fields of the dial action."""
        outcome = self._script.outcome
        if not dial.answer_on_bridge or outcome is CallOutcome.ANSWERED:
            self._pick_up()
        status = _DIAL_STATES[outcome]
        extra = {"DialCallStatus": status, "DialCallSid": new_sid("CA")}
        given = self._script.seconds
        match outcome:
            case CallOutcome.NO_ANSWER:
                await self._pass(dial.timeout)
            case CallOutcome.CALLER_HANGS_UP:
                await self._pass(_GIVE_UP_SECONDS if given is None else given)
                self._hang_up()
            case CallOutcome.ANSWERED:
                talked = _TALK_SECONDS if given is None else given
                await self._pass(talked)
                extra |= {"DialCallDuration": str(talked), "DialBridged": "true"}
            case CallOutcome.BUSY | CallOutcome.FAILED | CallOutcome.CANCELED:
                await self._pass(1)
        return extra

    async def _record(self, record: Record, base: str) -> _Target | _Step:
        """Record the caller, who hangs up after speaking, or at once without leaving a message."""
        self._pick_up()
        if not self._script.voicemail:
            self._hang_up()
            return _Step.END
        seconds = min(self._script.voicemail_seconds, record.max_seconds)
        self._recording = Recording(
            sid=new_sid("RE"),
            account_sid=self._call.account_sid,
            call_sid=self._call.sid,
            created_at=self._world.now(),
            duration=seconds,
        )
        self._state.add_recording(self._recording)
        await self._pass(seconds)
        self._hang_up()
        if record.status_url:
            self._recording_status_url = urljoin(base, record.status_url)
        extra = {
            "RecordingUrl": recording_url(self._recording, self._world.base_url),
            "RecordingSid": self._recording.sid,
            "RecordingDuration": str(seconds),
            "Digits": "hangup",
        }
        return _Target(WebhookKind.VOICE_RECORD, urljoin(base, record.action), record.method, extra)

    def _pick_up(self) -> None:
        if self._call.answered_at is None:
            self._call.answered_at = self._call.updated_at = self._world.now()
            self._call.status = "in-progress"
            self._elapsed = 0

    def _hang_up(self) -> None:
        self._gone = True
        self._finish("completed" if self._call.answered_at else "no-answer")

    async def _pass(self, seconds: int) -> None:
        """Let carrier's seconds go by, shortened by the time scale."""
        self._elapsed += seconds
        await self._world.clock.sleep(seconds * self._world.settings.time_scale)

    def _finish(self, status: str) -> None:
        if self._call.ended_at is not None:
            return
        self._call.status = status
        self._call.ended_at = self._call.updated_at = self._world.now()
        self._call.duration = self._elapsed if self._call.answered_at else 0

    async def _end(self) -> None:
        failed = bool(self._error) and self._call.answered_at is None
        self._finish("failed" if failed else "completed")
        if self._recording is not None and self._recording_status_url:
            form = recording_form(self._recording, base_url=self._world.base_url)
            await self._post(WebhookKind.RECORDING_STATUS, self._recording_status_url, "POST", form)
        await self._progress("completed")
        self._world.changed()

    async def _progress(self, event: str) -> None:
        """Post a call status callback if the event is wanted."""
        if not self._number.status_callback or event not in self._events:
            return
        form = call_progress_form(self._call, now=self._world.now())
        if event == "initiated":
            form["CallStatus"] = event
        method = self._number.status_callback_method
        await self._post(WebhookKind.VOICE_STATUS, self._number.status_callback, method, form)
        self._call.sequence += 1

    async def run_outbound(self, document: str, end: str) -> None:
        """Ring somebody for us: `end` is how they take it (`completed` picks up); `document` is TwiML given inline."""
        await self._progress("initiated")
        self._call.status = "ringing"
        await self._progress("ringing")
        await self._pass(_GIVE_UP_SECONDS)
        if end != "completed":
            self._finish(end)
            await self._end()
            return
        self._pick_up()
        await self._progress("answered")
        if not document:
            await self.run()
            return
        try:
            target = await self._obey(read_voice(document), self._world.base_url)
            while target is not None:
                target = await self._play(target)
        except TwimlFault as fault:
            self._error = str(fault)
        await self._end()


def ring_in(world: World, state: TwilioState, callbacks: Callbacks, script: PlaceCall) -> Player:
    """Let a customer call a number of ours; refuses with `twin.number_unknown` or `twin.no_voice_url`."""
    number = state.numbers.get(script.to)
    if number is None:
        raise Refused("twin.number_unknown", f"{script.to} is not a number of the twin", status=404)
    if not number.voice_url:
        raise Refused("twin.no_voice_url", f"{script.to} has no voice_url: nobody can be rung", status=409)
    now = world.now()
    call = Call(
        sid=script.call_sid or new_sid("CA"),
        account_sid=number.account_sid,
        direction=Direction.INBOUND,
        sender=script.caller,
        to=script.to,
        number_sid=number.sid,
        status="ringing",
        created_at=now,
        updated_at=now,
        caller_name=script.caller_name,
        forwarded_from=script.forwarded_from,
        token=quote('{"parentCallInfoToken":"' + new_sid("") + '"}', safe=""),
    )
    state.add_call(call)
    return Player(world=world, state=state, callbacks=callbacks, call=call, number=number, script=script)
