"""A company whose every answer is scripted to the byte, and what the suite needs to know to write its answers."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar
from uuid import UUID

from frontdesk.ports import FailureClass, MessagingProvider, OutboundText, SentTextQuery
from frontdesk.providers.http import HttpClient
from frontdesk.providers.refusals import Refusals
from tests.providers.http.scripted_server import Script, ScriptedServer, serving

REFERENCE = UUID("0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b")
TEXT = OutboundText(
    reference=REFERENCE,
    sender_e164="+12125550100",
    recipient_e164="+12065550100",
    body="Sorry we missed you – reply here 👍",
    validity_seconds=900,
    status_callback="https://app.example.com/webhooks/sms/status?tenant=t1",
)
QUERY = SentTextQuery(
    recipient_e164=TEXT.recipient_e164,
    sender_e164=TEXT.sender_e164,
    since=datetime(2026, 1, 5, 12, 0, 10, 900_000, tzinfo=UTC),
)

_Provider = TypeVar("_Provider", bound=MessagingProvider)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """How one company puts what every company says.

    `connect` makes the real client for an address. `named` is the service or profile that `in_service` connects with,
    `service_of` reads it, the sender and the callback back from a request. `waits` are replies that say "too much",
    with the wait that they ask for and their code. `actions` are what its own codes call for, by code, `action_classes`
    our classes by how an action begins. `unusable_lists` are the replies to one question for sent texts.
    """

    refusals: Refusals
    connect: Callable[[str, HttpClient], MessagingProvider]
    in_service: Callable[[str, HttpClient], MessagingProvider]
    named: str
    service_of: Callable[[bytes], tuple[str | None, str | None, str | None]]
    taken: bytes
    proves_nothing: Mapping[str, bytes]
    refused: Sequence[tuple[bytes, FailureClass]]
    waits: Sequence[tuple[bytes, float | None, str]]
    actions: Mapping[int, str]
    action_classes: Mapping[str, set[FailureClass]]
    least_judged: int
    final_codes: Sequence[int]
    unusable_lists: Mapping[str, Sequence[bytes]]
    endless_page: bytes
    no_origins: Sequence[str]


@asynccontextmanager
async def scripted(
    script: Script, connect: Callable[[str, HttpClient], _Provider]
) -> AsyncIterator[tuple[_Provider, ScriptedServer]]:
    """Serve a script as a company and speak to it through the real client."""
    http = HttpClient()
    async with serving(script) as server:
        yield connect(str(server.origin), http), server
        await http.close()


def at_once() -> None:
    """Let a POST start."""


def body_of(request: bytes) -> bytes:
    """Cut a request's body off its head."""
    return request.partition(b"\r\n\r\n")[2]


def as_json(document: object) -> bytes:
    """Write a document."""
    return json.dumps(document).encode()
