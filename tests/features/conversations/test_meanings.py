"""Texts are read for their meaning behind everything else, survive what goes wrong, and are found by it."""

from __future__ import annotations

import math
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from frontdesk.features import contacts, conversations
from frontdesk.features.conversations.service.meanings import pack
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.ids import new_id
from frontdesk.operations.checking.registry import get_check
from frontdesk.providers.http import HttpClient
from frontdesk.providers.openai import EmbeddingsAccount, OpenAiEmbedder
from frontdesk.worker.meaning import MeaningReader
from tests.support.embeddings import KEY, Endpoint, open_endpoint
from tests.support.office import ADAS_NUMBER, CAROL, Office, open_office

ADD_THREAD = """
    insert into conversations (id, tenant_id, contact_id, last_message_at, created_at) values ($1, $2, $3, now(), now())
"""
ADD = """
    insert into conv_messages (id, tenant_id, conversation_id, direction, body, sender_e164, recipient_e164, author,
                               send_job_id, created_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
"""
ADD_JOB = """
    insert into send_jobs (id, tenant_id, intent_key, message_class, cause, template, basis, basis_at, contact_id,
                           recipient_e164, sender_e164, provider, body, encoding, segments, status, available_at,
                           useful_until, correlation_id, created_at, updated_at)
    values ($1, $2, $1::uuid::text, 'C2', 'test', $3, 'conversation', now(), $4, $5, $6, 'twilio', 'x', 'gsm7', 1,
            'delivered', now(), now(), $1, now(), now())
"""
READ = """
    insert into conversations (id, tenant_id, contact_id, last_message_at, created_at) values ($1, $2, $3, now(), now())
"""
ADD = """
    insert into conv_messages (id, tenant_id, conversation_id, direction, body, sender_e164, recipient_e164, author,
                               send_job_id, created_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
"""
ADD_JOB = """
    insert into send_jobs (id, tenant_id, intent_key, message_class, cause, template, basis, basis_at, contact_id,
                           recipient_e164, sender_e164, provider, body, encoding, segments, status, available_at,
                           useful_until, correlation_id, created_at, updated_at)
    values ($1, $2, $1::uuid::text, 'C2', 'test', $3, 'conversation', now(), $4, $5, $6, 'twilio', 'x', 'gsm7', 1,
            'delivered', now(), now(), $1, now(), now())
"""
FILL = """
    with text as (
      insert into conv_messages (id, tenant_id, conversation_id, direction, body, sender_e164, recipient_e164,
                                 created_at)
      select gen_random_uuid(), $1, $2, 'inbound', 'the pipe leaks', '+12065550123', '+12125550100',
             now() - n * interval '1 second'
      from generate_series(1, $3::int) as n
      returning id, created_at
    )
    insert into conv_meanings (message_id, tenant_id, model, scale, vector, said_at)
    select id, $1, $4, 0.0078, '\\x7f000000', created_at from text
"""
READ = """
    select message.body from conv_meanings as meaning join conv_messages as message on message.id = meaning.message_id
    where octet_length(meaning.vector) > 0 order by message.body
"""


class Inbox:
    """An office with an endpoint that tells what texts mean, and Carol's thread."""

    def __init__(self, office: Office, endpoint: Endpoint, thread: UUID, carol: UUID) -> None:
        self.office, self.parts, self.endpoint = office, office.parts, endpoint
        self.thread, self.carol = thread, carol

    def reader(self, *, most: int = conversations.MOST_COMPARED) -> MeaningReader:
        """Make what a worker reads with."""
        embedder = self.parts.meanings.embedder
        assert embedder is not None
        return MeaningReader(embedder, system=self.parts.system, app=self.parts.app, clock=self.parts.clock, most=most)

    async def said(
        self,
        body: str,
        *,
        direction: str = "inbound",
        author: str = "",
        template: str | None = None,
        age: timedelta = timedelta(),
        by: Transaction | None = None,
    ) -> UUID:
        """Put a text into Carol's thread, as a send job with a template had it sent if there is one."""
        if by is None:
            async with self.parts.app.transaction(self.office.ada.id) as tx:
                return await self.said(body, direction=direction, author=author, template=template, age=age, by=tx)
        job, message, ada = None, new_id(), self.office.ada.id
        if template is not None:
            job = new_id()
            await by.execute(ADD_JOB, job, ada, template, self.carol, CAROL, ADAS_NUMBER)
        numbers = (CAROL, ADAS_NUMBER) if direction == "inbound" else (ADAS_NUMBER, CAROL)
        await by.execute(ADD, message, ada, self.thread, direction, body, *numbers, author, job, by.now - age)
        return message

    async def read(self) -> list[str]:
        """List the texts whose meaning is known."""
        async with self.parts.app.transaction(self.office.ada.id) as tx:
            return [row["body"] for row in await tx.fetch(READ)]

    async def find(self, words: str, *, tenant: UUID | None = None) -> conversations.Meant:
        """Look for what means alike."""
        question = await self.parts.meanings.read(words)
        async with self.parts.app.transaction(tenant or self.office.ada.id) as tx:
            return await conversations.find_alike(tx, question)

    async def note(self) -> str:
        """Read what `frontdesk check` says."""
        async with self.parts.system.transaction() as tx:
            finding = await get_check("conversations.texts_are_read").look(tx)
        assert finding.is_well
        return f"{finding.severity.word}: {finding.words}"


@asynccontextmanager
async def open_inbox(database_url: str, home: Path, endpoint: Endpoint) -> AsyncIterator[Inbox]:
    """Open the office with Carol's empty thread."""
    environ = {
        "EMBEDDER": "openai",
        "EMBEDDINGS_API_KEY": KEY,
        "EMBEDDINGS_API_BASE_URL": endpoint.url,
        "EMBEDDINGS_MODEL": "m1",
        "EMBEDDINGS_MIN_SIMILARITY": "0.8",
    }
    async with open_office(database_url, home, environ=environ) as office:
        async with office.parts.app.transaction(office.ada.id) as tx:
            carol = await contacts.ensure_contact(tx, phone_e164=CAROL)
            thread = new_id()
            await tx.execute(ADD_THREAD, thread, office.ada.id, carol.id)
        yield Inbox(office, endpoint, thread, carol.id)


@pytest.fixture
async def inbox(database_url: str, home: Path) -> AsyncIterator[Inbox]:
    """Open an inbox for one test."""
    async with open_endpoint() as endpoint, open_inbox(database_url, home, endpoint) as opened:
        yield opened


async def test_what_people_wrote_is_read_and_what_everybody_was_told_is_not(inbox: Inbox) -> None:
    await inbox.said("1 customer")
    await inbox.said("2 by hand", direction="outbound", author="ben@example.com", template="written by hand")
    await inbox.said("3 dialogue", direction="outbound", template="dialogue.offered")
    await inbox.said("campaign", direction="outbound", template="campaign")
    await inbox.said("template", direction="outbound", template="textback.open")
    await inbox.said("  \n ")
    await inbox.said("4 long ago", age=timedelta(days=90))
    await inbox.reader().read_all()
    assert await inbox.read() == ["1 customer", "2 by hand", "3 dialogue", "4 long ago"]
    assert sorted(inbox.endpoint.texts) == ["1 customer", "2 by hand", "3 dialogue", "4 long ago"]
    await inbox.reader().read_all()
    assert len(inbox.endpoint.texts) == 4


async def test_what_means_alike_is_found_whatever_its_words_by_its_own_business_alone(inbox: Inbox) -> None:
    leak = await inbox.said("agua everywhere")
    await inbox.said("what is the price")
    await inbox.reader().read_all()
    meant = await inbox.find("leak")
    assert [(one.id, one.body, one.phone_e164) for one in meant.texts] == [(leak, "agua everywhere", CAROL)]
    assert meant.texts[0].similarity > 0.99
    assert not meant.because
    assert not meant.reading
    assert not (await inbox.find("leak", tenant=inbox.office.mallory.id)).texts
    assert not (await inbox.find("the opera")).texts


async def test_what_was_found_by_words_is_not_shown_twice_and_a_thread_only_once(inbox: Inbox) -> None:
    leaks = [await inbox.said(f"leak {number}") for number in range(3)]
    await inbox.reader().read_all()
    question = await inbox.parts.meanings.read("water")
    async with inbox.parts.app.transaction(inbox.office.ada.id) as tx:
        assert len((await conversations.find_alike(tx, question)).texts) == 1
        [left] = (await conversations.find_alike(tx, question, apart_from=leaks[:2])).texts
        assert left.id == leaks[2]
        assert not (await conversations.find_alike(tx, question, apart_from=leaks)).texts


async def test_a_meaning_goes_with_its_text(inbox: Inbox) -> None:
    await inbox.said("the pipe leaks", age=timedelta(days=2))
    await inbox.said("it drips")
    await inbox.reader().read_all()
    async with inbox.parts.app.transaction(inbox.office.ada.id) as tx:
        await conversations.forget_old_messages(tx, before=tx.now - timedelta(days=1), limit=100)
    assert await inbox.read() == ["it drips"]


async def test_a_text_that_is_deleted_while_it_is_read_is_left_out(inbox: Inbox) -> None:
    gone = await inbox.said("the pipe leaks")
    await inbox.said("it drips")
    async with inbox.parts.system.transaction() as tx:
        unread = await conversations.claim_unread(tx, model="m1", limit=16)
    assert unread is not None
    async with inbox.parts.app.transaction(inbox.office.ada.id) as tx:
        await tx.execute("delete from conv_messages where id = $1", gone)
    async with inbox.parts.app.transaction(inbox.office.ada.id) as tx:
        await conversations.keep_meanings(tx, unread, [[1.0, 0.0, 0.0, 0.0]] * 2)
    assert await inbox.read() == ["it drips"]


async def test_whoever_dies_with_texts_in_hand_is_followed_by_another(inbox: Inbox) -> None:
    await inbox.said("the pipe leaks")
    async with inbox.parts.system.transaction() as tx:
        held = await conversations.claim_unread(tx, model="m1", limit=16)
    assert held is not None
    other = inbox.reader()
    await other.read_all()
    assert await inbox.read() == []
    inbox.office.clock.ahead += timedelta(seconds=91)
    await other.read_all()
    assert await inbox.read() == ["the pipe leaks"]


async def test_a_text_that_becomes_visible_late_is_read(inbox: Inbox) -> None:
    await inbox.said("the pipe leaks")
    async with inbox.parts.app.transaction(inbox.office.ada.id) as slow:
        await inbox.said("it drips", by=slow)
        await inbox.reader().read_all()
        assert await inbox.read() == ["the pipe leaks"]
    await inbox.reader().read_all()
    assert await inbox.read() == ["it drips", "the pipe leaks"]


async def test_another_model_reads_everything_anew_and_finds_nothing_of_the_first(inbox: Inbox) -> None:
    await inbox.said("the pipe leaks", age=timedelta(days=3))
    await inbox.reader().read_all()
    before = await inbox.parts.meanings.read("leak")
    http = HttpClient(connections_per_origin=1)
    other = OpenAiEmbedder(EmbeddingsAccount(api_base_url=inbox.endpoint.url, model="m2"), http)
    parts = inbox.parts
    await MeaningReader(other, system=parts.system, app=parts.app, clock=parts.clock).read_all()
    await http.close()
    assert inbox.endpoint.texts.count("the pipe leaks") == 2
    async with parts.app.transaction(inbox.office.ada.id) as tx:
        assert not (await conversations.find_alike(tx, before)).texts
        assert (await conversations.find_alike(tx, replace(before, model="m2"))).texts


async def test_old_texts_are_read_backwards_until_enough_are_known(inbox: Inbox) -> None:
    for days in range(1, 31):
        await inbox.said(f"leak {days}", age=timedelta(days=days))
    assert (await inbox.find("leak")).reading
    await inbox.reader(most=20).read_all()
    assert sorted(await inbox.read()) == sorted(f"leak {days}" for days in range(1, 21))
    assert [int(text.split()[1]) for text in inbox.endpoint.texts if text != "leak"] == list(range(1, 21))
    assert not (await inbox.find("leak")).reading


async def test_an_endpoint_that_fails_leaves_a_note_and_nothing_is_lost(inbox: Inbox) -> None:
    await inbox.said("the pipe leaks")
    inbox.endpoint.status = 401
    reader = inbox.reader()
    assert await reader.turn() >= 30
    assert await reader.turn() >= 30
    note = await inbox.note()
    assert note.startswith("info: since ")
    assert note.endswith("search finds words alone: the endpoint refused the key")
    meant = await inbox.find("leak")
    assert meant.because == "Search by meaning is not available right now: the endpoint refused the key."
    inbox.endpoint.status = 200
    await reader.read_all()
    assert await inbox.read() == ["the pipe leaks"]
    assert (await inbox.note()).startswith("ok: ")
    assert (await inbox.find("leak")).texts


async def test_one_text_that_an_endpoint_refuses_does_not_hold_up_the_others(inbox: Inbox) -> None:
    inbox.endpoint.refuses = "poison"
    await inbox.said("the pipe leaks")
    await inbox.said("poison")
    await inbox.reader().read_all()
    assert await inbox.read() == ["the pipe leaks"]
    asked = len(inbox.endpoint.texts)
    await inbox.reader().read_all()
    assert len(inbox.endpoint.texts) == asked
    assert (await inbox.note()).startswith("ok: ")


async def test_an_endpoint_that_refuses_every_text_is_a_failure_and_no_text_is_given_up(inbox: Inbox) -> None:
    inbox.endpoint.status = 400
    await inbox.said("the pipe leaks")
    await inbox.reader().read_all()
    assert (await inbox.note()).endswith("the endpoint answered 400")
    inbox.endpoint.status = 200
    await inbox.reader().read_all()
    assert await inbox.read() == ["the pipe leaks"]


async def test_a_question_is_asked_once_however_often_it_is_looked_for(inbox: Inbox) -> None:
    for words in ("leak", " leak ", "leak"):
        await inbox.find(words)
    assert inbox.endpoint.texts == ["leak"]
    assert not (await inbox.parts.meanings.read("  ")).vector
    assert inbox.endpoint.texts == ["leak"]


async def test_reading_rests_long_enough_for_twenty_texts_a_second(inbox: Inbox) -> None:
    for number in range(8):
        await inbox.said(f"leak {number}")
    assert await inbox.reader().turn() >= 0.1


def test_cosines_of_packed_vectors_are_right_to_a_thousandth() -> None:
    chance = random.Random(7)
    for _ in range(20):
        one, other = (_unit([chance.gauss(0, 1) for _ in range(384)]) for _ in range(2))
        packed = pack(other)
        assert len(packed.vector) == 384
        values = [value - 256 if value > 127 else value for value in packed.vector]
        cosine = packed.scale / 1e9 * sum(a * b for a, b in zip(one, values, strict=True))
        assert math.isclose(cosine, sum(a * b for a, b in zip(one, other, strict=True)), abs_tol=0.002)
    assert pack([0.0, 0.0]).vector == pack([]).vector == b""


def _unit(vector: list[float]) -> list[float]:
    length = math.hypot(*vector)
    return [value / length for value in vector]
