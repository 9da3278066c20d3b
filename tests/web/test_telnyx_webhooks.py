"""A number at Telnyx: its texts are heard once, its STOPs at once, and its receipts find the texts they speak of."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from frontdesk.features import contacts, conversations, senders
from frontdesk.providers.twin import FaultKind, FaultOrder, TwinConfig, TwinControl, TwinServer
from frontdesk.providers.twin.wire import Settings
from tests.providers.telnyx.signing import Json, event_body, payload, signed_headers
from tests.support.office import CAROL, TOKEN, Office, open_office

LINE = "+12125550144"
ALIAS = "/api/sms/webhook"
SMS, STATUS = "/webhooks/telnyx/sms", "/webhooks/telnyx/sms/status"


@dataclass(frozen=True, slots=True)
class Telnyx:
    """An office with a number of Ada's at Telnyx, which the twin plays."""

    office: Office
    control: TwinControl
    key: Ed25519PrivateKey

    async def post(self, body: bytes, *, path: str = SMS, headers: dict[str, str] | None = None) -> int:
        """Post a webhook, signed now unless headers say otherwise."""
        signed = signed_headers(body, at=self.office.parts.clock.now(), key=self.key) if headers is None else headers
        async with self.office.carrier.post(self.office.url + path, data=body, headers=signed) as answer:
            return answer.status

    async def answer(self, words: str = "Yes, 3 pm is free.") -> None:
        """Let Ada answer Carol, who has written, from the number at Telnyx."""
        assert await self.post(text_of("Is 3 pm free?", message_id="asked")) == 200
        parts = self.office.parts
        async with parts.app.transaction(self.office.ada.id) as tx:
            carol = await contacts.ensure_contact(tx, phone_e164=CAROL)
            await conversations.write_to(
                tx,
                contact_id=carol.id,
                body=words,
                author="ada",
                key="answer",
                sender_e164=LINE,
                provider="telnyx",
                lane=parts.courier,
            )
        await parts.courier.idle()
        await self.office.settle()

    async def status_of_job(self) -> object:
        """Tell the state of the one text of ours."""
        return await self.office.fetchval("select status from send_jobs")

    async def count(self, table: str) -> object:
        """Count rows."""
        return await self.office.fetchval(f"select count(*) from {table}")  # noqa: S608 - the test's own names

    async def refused(self) -> str:
        """Give the lines of the metrics that count what Telnyx was refused."""
        rendered = (await self.office.parts.metrics.render()).decode()
        return "\n".join(line for line in rendered.splitlines() if "telnyx" in line)


@asynccontextmanager
async def open_telnyx(database_url: str, home: Path, *, environ: dict[str, str] | None = None) -> AsyncIterator[Telnyx]:
    """Open the office with a number at Telnyx."""
    config = TwinConfig()
    given = {"TELNYX_API_KEY": config.telnyx_api_key, "TELNYX_PUBLIC_KEY": config.telnyx_public_key}
    async with TwinServer(config) as server, TwinControl(server.url) as control:
        wanted = given | {"TELNYX_API_BASE_URL": server.url} | (environ or {})
        async with open_office(database_url, home, environ=wanted) as office:
            async with office.parts.system.transaction(office.ada.id) as tx:
                await senders.add_number(tx, phone_e164=LINE, provider="telnyx")
            await control.configure_number(LINE, sms_url=office.url + SMS, provider="telnyx")
            key = Ed25519PrivateKey.from_private_bytes(base64.b64decode(config.telnyx_private_key))
            yield Telnyx(office, control, key)
            await control.wait_until_idle()


@pytest.fixture
async def telnyx(database_url: str, home: Path) -> AsyncIterator[Telnyx]:
    async with open_telnyx(database_url, home) as opened:
        yield opened


def text_of(body: str, *, message_id: str = "m1", event_id: str = "e1", **changed: object) -> bytes:
    to = [{"phone_number": LINE, "status": "webhook_delivered"}]
    message = payload(text=body, id=message_id, sender={"phone_number": CAROL}, **({"to": to} | changed))
    return event_body("message.received", message, event_id=event_id)


async def test_an_answer_leaves_once_through_telnyx_and_its_receipts_are_heard(telnyx: Telnyx) -> None:
    await telnyx.answer()
    [sent] = (await telnyx.control.wait_for_text(CAROL)).messages
    assert sent.body == "Yes, 3 pm is free."
    assert sent.status_callback.startswith(f"{telnyx.office.url}{STATUS}?reference=")
    await telnyx.control.wait_until_idle()
    assert await telnyx.status_of_job() == "delivered"
    hooks = await telnyx.control.webhooks(kind="sms.status")
    assert [hook.status for hook in hooks] == [200, 200]
    assert await telnyx.count("webhook_events where provider = 'telnyx' and kind = 'receipt'") == 2
    assert await telnyx.office.posts_to() == 0, "nothing went to the other company"


async def test_what_a_person_writes_is_in_their_thread_and_stop_is_in_force_at_once(telnyx: Telnyx) -> None:
    assert (await telnyx.control.send_text(customer=CAROL, to=LINE, body="Is 3 pm free?")).status == 200
    said = "select body from conv_messages where direction = 'inbound'"
    assert await telnyx.office.fetchval(said) == "Is 3 pm free?"
    await telnyx.control.send_text(customer=CAROL, to=LINE, body="STOP")
    await telnyx.answer()
    assert await telnyx.office.fetchval("select failure_code from send_jobs") == "consent.opted_out"
    assert await telnyx.control.journal(operation="messages.create", to=CAROL) == []


async def test_help_that_telnyx_left_to_us_is_answered_through_telnyx(telnyx: Telnyx) -> None:
    assert await telnyx.post(text_of("HELP")) == 200
    await telnyx.office.settle()
    [sent] = (await telnyx.control.wait_for_text(CAROL)).messages
    assert "Harbor Plumbing" in sent.body


async def test_a_keyword_that_telnyx_has_answered_is_not_answered_again(telnyx: Telnyx) -> None:
    assert await telnyx.post(text_of("STOP", autoresponse_type="STOP")) == 200
    assert await telnyx.post(text_of("HELP", message_id="m2", autoresponse_type="HELP")) == 200
    await telnyx.office.settle()
    assert await telnyx.control.texts_to(CAROL) == []


async def test_fifty_copies_under_any_event_id_are_one_text(telnyx: Telnyx) -> None:
    copies = [text_of("hello", event_id=f"e{number % 5}") for number in range(50)]
    assert set(await asyncio.gather(*(telnyx.post(copy) for copy in copies))) == {200}
    assert (await telnyx.count("conv_messages"), await telnyx.count("webhook_events")) == (1, 1)
    assert 'webhook_dedupe_hits_total{provider="telnyx"} 49.0' in await telnyx.refused()


@pytest.mark.parametrize("path", [SMS, STATUS, ALIAS])
async def test_every_address_takes_texts_and_receipts(telnyx: Telnyx, path: str) -> None:
    assert await telnyx.post(text_of("hello"), path=path) == 200
    told = payload(direction="outbound", to=[{"phone_number": CAROL, "status": "delivered"}])
    assert await telnyx.post(event_body("message.finalized", told), path=path) == 200
    assert await telnyx.count("conv_messages") == 1
    assert await telnyx.count("parked_receipts") == 1, "news of a text that is not known yet is kept for it"


async def test_an_event_that_nobody_listens_to_is_kept_and_acknowledged(telnyx: Telnyx) -> None:
    assert await telnyx.post(event_body("call.initiated", {"from": CAROL, "to": LINE})) == 200
    assert await telnyx.count("webhook_events where provider = 'telnyx' and kind = 'other'") == 1


async def test_a_text_to_a_number_nobody_has_is_kept_and_its_stop_written_down(telnyx: Telnyx) -> None:
    assert await telnyx.post(text_of("STOP", to=[{"phone_number": "+13035550100", "status": "x"}])) == 200
    assert await telnyx.count("webhook_events where tenant_id is null") == 1
    assert await telnyx.count("conv_messages") == 0


async def test_what_is_not_believed_changes_nothing_and_is_counted(telnyx: Telnyx) -> None:
    body = text_of("STOP")
    now = telnyx.office.parts.clock.now()
    good = signed_headers(body, at=now, key=telnyx.key)
    old = signed_headers(body, at=now - timedelta(seconds=310), key=telnyx.key)
    stranger = signed_headers(body, at=now, key=Ed25519PrivateKey.generate())
    broken, large = b'{"data":', b"x" * 70_000
    attempts = [
        (body, {}, 403),
        (body + b" ", good, 403),
        (body, old, 403),
        (body, stranger, 403),
        (broken, signed_headers(broken, at=now, key=telnyx.key), 400),
        (large, signed_headers(large, at=now, key=telnyx.key), 413),
        (body, good | {"Content-Encoding": "gzip"}, 415),
    ]
    for sent, headers, status in attempts:
        assert await telnyx.post(sent, headers=headers) == status
    assert (await telnyx.count("webhook_events"), await telnyx.count("conv_messages")) == (0, 0)
    assert f'webhook_signature_failures_total{{provider="telnyx"}} {len(attempts)}.0' in await telnyx.refused()


async def test_a_refusal_tells_its_reason_and_no_secret(telnyx: Telnyx) -> None:
    async with telnyx.office.carrier.post(telnyx.office.url + SMS, data=b"{}") as answer:
        told = await answer.json()
    assert (told["status"], told["code"], told["detail"]) == (403, "webhooks.refused", "no_signature")
    assert TOKEN not in json.dumps(told)


@pytest.mark.parametrize(
    "message", [{"id": ""}, {"to": []}, {"direction": "outbound", "to": [{"status": "teleported"}]}]
)
async def test_signed_news_that_cannot_be_read_is_refused_for_good(telnyx: Telnyx, message: Json) -> None:
    kind = "message.finalized" if "direction" in message else "message.received"
    assert await telnyx.post(event_body(kind, payload(**message))) == 422
    assert await telnyx.count("webhook_events") == 0


async def test_without_credentials_the_addresses_are_nowhere(database_url: str, home: Path) -> None:
    async with open_office(database_url, home) as office, aiohttp.ClientSession() as anybody:
        for path in (SMS, STATUS, ALIAS):
            async with anybody.post(office.url + path, data=b"{}") as answer:
                assert answer.status == 404


async def test_a_second_key_verifies_while_one_is_being_replaced(database_url: str, home: Path) -> None:
    coming = Ed25519PrivateKey.generate()
    public = base64.b64encode(coming.public_key().public_bytes_raw()).decode()
    async with open_telnyx(database_url, home, environ={"TELNYX_PUBLIC_KEY_SECONDARY": public}) as telnyx:
        for number, key in enumerate((telnyx.key, coming)):
            body = text_of("hello", message_id=f"m{number}")
            assert await telnyx.post(body, headers=signed_headers(body, at=datetime.now(UTC), key=key)) == 200
        assert await telnyx.count("conv_messages") == 2


async def test_a_stop_that_only_telnyx_heard_is_mirrored_from_its_refusal(telnyx: Telnyx) -> None:
    await telnyx.control.block_pair(number=LINE, customer=CAROL)
    await telnyx.answer()
    assert await telnyx.office.fetchval("select failure_code from send_jobs") == "40300"
    assert await telnyx.count(f"do_not_contact where phone_e164 = '{CAROL}'") == 1
    assert await telnyx.control.texts_to(CAROL) == []


LOST = (FaultKind.REPLY_LOST, FaultKind.ERROR_AFTER_ACCEPT, FaultKind.RESET, FaultKind.TRUNCATED, FaultKind.HTML)


@pytest.mark.parametrize("kind", LOST)
@pytest.mark.parametrize("listed", [True, False], ids=["listed", "on its way"])
async def test_a_text_whose_answer_was_lost_is_never_sent_twice(telnyx: Telnyx, kind: FaultKind, listed: bool) -> None:  # noqa: FBT001 - a parameter of the table
    await telnyx.control.change_settings(Settings(callback_share=0.0, list_lag_ms=0 if listed else 3_600_000))
    await telnyx.control.inject_fault(FaultOrder(kind=kind, seconds=0))
    await telnyx.answer()
    assert await telnyx.status_of_job() == "unknown"
    await telnyx.control.wait_until_idle()
    for _ in range(6):
        telnyx.office.clock.ahead += timedelta(seconds=6)
        await telnyx.office.reconcile()
        await telnyx.office.settle()
    assert len(await telnyx.control.texts_to(CAROL)) == 1
    assert await telnyx.status_of_job() == ("delivered" if listed else "accepted")
    posts = await telnyx.control.journal(operation="messages.create", to=CAROL)
    assert len(posts) == (1 if listed else 2), "what no list proves is asked again under the same key"


async def test_a_receipt_settles_a_text_whose_answer_was_lost(telnyx: Telnyx) -> None:
    await telnyx.control.inject_fault(FaultOrder(kind=FaultKind.REPLY_LOST, seconds=0))
    await telnyx.answer()
    await telnyx.control.wait_for_text(CAROL)
    await telnyx.control.wait_until_idle()
    assert await telnyx.status_of_job() == "delivered"
    assert len(await telnyx.control.journal(operation="messages.create", to=CAROL)) == 1
