"""Twilio's voice webhooks: a call comes in, rings the business, ends, leaves a message."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response

from frontdesk.features import calls, senders, tenants
from frontdesk.features.calls.events import EVENTS
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.intake import Webhook, take_in, take_in_whole
from frontdesk.ports import SayAndHangUp, VoiceAnswer
from frontdesk.providers.twilio import (
    VerifiedForm,
    WebhookKind,
    read_call_update,
    read_dial_ended,
    read_inbound_call,
    read_recording,
    render_voice_answer,
)
from frontdesk.web.webhooks.receiving import as_webhook, note_taken, receive
from frontdesk.wiring import Frontdesk

NOT_IN_SERVICE = SayAndHangUp(text="Sorry, this number is not in service. Goodbye.")
GOODBYE = SayAndHangUp()


def _twiml(answer: VoiceAnswer) -> Response:
    return Response(render_voice_answer(answer), media_type="text/xml")


class VoiceWebhooks:
    """Answers Twilio while it handles calls to our numbers."""

    def __init__(self, parts: Frontdesk) -> None:
        self._parts = parts
        base = f"{parts.public_base_url}/webhooks/twilio/voice"
        self._addresses = calls.CallAddresses(
            dial_action=f"{base}/dial-action", voicemail_done=f"{base}/voicemail-done", recording=f"{base}/recording"
        )
        rule = parts.settings.calls
        self._rule = calls.MissedRule(
            short_completed_counts=rule.treat_short_completed_as_missed,
            short_completed_max_seconds=rule.short_completed_max_seconds,
        )
        self._heard = parts.handlers.heard_of(EVENTS)

    async def incoming(self, request: Request) -> Response:
        """Answer a call: ring the business, or take a message if there is nowhere to ring."""
        form = await receive(self._parts, request)
        if isinstance(form, Response):
            return form
        call = read_inbound_call(form)
        number = await self._parts.directory.find(call.called_e164)
        if number is None:
            await self._keep_only(form, WebhookKind.VOICE, request)
            return _twiml(NOT_IN_SERVICE)
        tenant = await self._tenant(number)
        nobody, webhook = tenant.forwarding_e164 is None, as_webhook(form, WebhookKind.VOICE, request)

        async def whole(tx: Transaction) -> bool:
            return await calls.start_call(tx, webhook, call, nobody_to_ring=nobody, heard=self._heard)

        await self._hear(webhook, number, whole, missed=nobody)
        answer = calls.answer_call(
            forwarding_e164=tenant.forwarding_e164,
            ring_seconds=tenant.ring_seconds,
            voicemail=self._voicemail(tenant),
            addresses=self._addresses,
        )
        return _twiml(answer)

    async def dial_ended(self, request: Request) -> Response:
        """Ringing the business ended: if nobody answered, text the caller at once and take a message."""
        form = await receive(self._parts, request)
        if isinstance(form, Response):
            return form
        ended = read_dial_ended(form)
        number = await self._parts.directory.find(ended.called_e164)
        if number is None:
            await self._keep_only(form, WebhookKind.DIAL_ACTION, request)
            return _twiml(GOODBYE)
        webhook = as_webhook(form, WebhookKind.DIAL_ACTION, request)
        because = calls.why_missed(ended.dial_status, seconds=ended.dial_duration_seconds, rule=self._rule)

        async def whole(tx: Transaction) -> bool:
            return await calls.end_dial(tx, webhook, ended, rule=self._rule, heard=self._heard)

        await self._hear(webhook, number, whole, missed=because is not None)
        if because is None or because == "short-completed":
            return _twiml(GOODBYE)
        return _twiml(self._voicemail(await self._tenant(number)))

    async def status(self, request: Request) -> Response:
        """Note that a call changed its state."""
        form = await receive(self._parts, request)
        if isinstance(form, Response):
            return form
        update = read_call_update(form)
        number = await self._parts.directory.find(update.called_e164)
        if number is None:
            await self._keep_only(form, WebhookKind.CALL_STATUS, request)
            return Response(status_code=204)
        webhook = as_webhook(form, WebhookKind.CALL_STATUS, request)
        because = calls.why_missed(update.status, seconds=update.duration_seconds, rule=self._rule)

        async def whole(tx: Transaction) -> bool:
            return await calls.update_call(tx, webhook, update, rule=self._rule, heard=self._heard)

        await self._hear(webhook, number, whole, missed=because is not None)
        return Response(status_code=204)

    async def recording(self, request: Request) -> Response:
        """Link a voicemail that is ready at the carrier."""
        form = await receive(self._parts, request)
        if isinstance(form, Response):
            return form
        recording = read_recording(form)
        called = form.get("To")
        number = await self._parts.directory.find(called) if called else await self._owner_of_call(form)
        if recording is None or number is None:
            await self._keep_only(form, WebhookKind.RECORDING, request)
            return Response(status_code=204)
        ready, owner = recording, number

        async def change(tx: Transaction) -> None:
            await calls.keep_voicemail(tx, ready, called_e164=called or owner.phone_e164, caller_e164=form.get("From"))

        webhook = as_webhook(form, WebhookKind.RECORDING, request)
        note_taken(self._parts, webhook, new=await take_in(self._parts.app, webhook, change, tenant_id=owner.tenant_id))
        self._parts.tell_viewers()
        return Response(status_code=204)

    async def voicemail_done(self, request: Request) -> Response:
        """Say nothing more once the caller has finished their message."""
        form = await receive(self._parts, request)
        return form if isinstance(form, Response) else _twiml(GOODBYE)

    async def _owner_of_call(self, form: VerifiedForm) -> senders.SendingNumber | None:
        """Find whose call a recording belongs to: its callback names the call alone."""
        async with self._parts.system.transaction() as tx:
            called = await calls.find_called_number(tx, provider="twilio", provider_call_id=form.get("CallSid"))
        return None if called is None else await self._parts.directory.find(called)

    async def _tenant(self, number: senders.SendingNumber) -> tenants.Tenant:
        return await self._parts.businesses.get(number.tenant_id)

    def _voicemail(self, tenant: tenants.Tenant) -> VoiceAnswer:
        return calls.take_message(
            enabled=tenant.voicemail_enabled,
            announcement=tenant.recording_announcement,
            addresses=self._addresses,
        )

    async def _hear(
        self,
        webhook: Webhook,
        number: senders.SendingNumber,
        whole: Callable[[Transaction], Awaitable[bool]],
        *,
        missed: bool,
    ) -> None:
        """Take in news of a call: one statement that commits by itself, unless others act on a missed call with it."""
        if missed:
            new = await take_in_whole(self._parts.app, webhook, whole, tenant_id=number.tenant_id)
        else:
            new = await self._parts.app.perform_alone(
                whole, tenant_id=number.tenant_id, correlation_id=webhook.correlation_id
            )
        note_taken(self._parts, webhook, new=new)
        self._parts.tell_viewers()

    async def _keep_only(self, form: VerifiedForm, kind: WebhookKind, request: Request) -> None:
        """Record news about a number that no business has."""

        async def nothing(_tx: Transaction) -> None:
            return None

        webhook = as_webhook(form, kind, request)
        note_taken(self._parts, webhook, new=await take_in(self._parts.system, webhook, nothing, tenant_id=None))
