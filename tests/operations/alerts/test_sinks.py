"""Each sink is told in its own form, and says in one way that it did not take it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import Message
from email.policy import default
from pathlib import Path
from typing import cast

import pytest

from frontdesk.ports import FailureClass, ProviderError
from frontdesk.ports.alerts import AlertSink, Notice, NoticedAlert, NoticeStatus
from frontdesk.providers.alert_webhook import AlertWebhook, webhook_document
from frontdesk.providers.alertmanager import postable_alerts
from frontdesk.providers.http import HttpClient
from frontdesk.providers.pagerduty import PagerDuty, pagerduty_event
from frontdesk.providers.slack import SlackChannel, slack_message
from frontdesk.providers.smtp import MailAlerts, MailServer, Security, write_mail
from tests.operations.alerts.stage import Ear
from tests.operations.alerts.tools import free_port

FIXTURES = Path(__file__).parents[2] / "fixtures" / "alerts"
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
KEY = "0" * 32
ALERT = NoticedAlert(
    fingerprint="01e9ef586bf98e14",
    status=NoticeStatus.FIRING,
    labels={"alertname": "OutboxLag", "severity": "critical", "owner": "integrations", "tenant": "harbor"},
    summary="The oldest event has waited for 90 s & <more>",
    value=90.0,
    starts_at=NOON - timedelta(minutes=10),
    ends_at=None,
)
NOTICE = Notice(
    group_key="OutboxLag/harbor",
    sequence=3,
    alertname="OutboxLag",
    tenant="harbor",
    status=NoticeStatus.FIRING,
    severity="critical",
    owner="integrations",
    runbook="outbox-stuck",
    runbook_url="https://desk.example.com/runbooks/outbox-stuck",
    external_url="https://desk.example.com",
    at=NOON,
    repeats=False,
    alerts=(ALERT,),
)
OVER = replace(
    NOTICE, status=NoticeStatus.RESOLVED, alerts=(replace(ALERT, status=NoticeStatus.RESOLVED, ends_at=NOON),)
)


def fixture(name: str) -> dict[str, object]:
    """Read a recorded document."""
    return cast("dict[str, object]", json.loads((FIXTURES / name).read_text(encoding="utf-8")))


def test_the_webhook_has_the_form_that_alertmanager_posts() -> None:
    recorded, ours = fixture("alertmanager_webhook_v4.json"), webhook_document(NOTICE)
    assert set(ours) == set(recorded)
    theirs = cast("list[dict[str, object]]", recorded["alerts"])[0]
    mine = cast("list[dict[str, object]]", ours["alerts"])[0]
    assert set(mine) == set(theirs)
    assert {name: type(value) for name, value in mine.items()} == {name: type(value) for name, value in theirs.items()}
    assert mine["endsAt"] == theirs["endsAt"] == "0001-01-01T00:00:00Z"
    assert mine["startsAt"] == "2026-11-20T11:50:00.000Z"
    assert ours["version"] == "4"
    assert cast("list[dict[str, object]]", webhook_document(OVER)["alerts"])[0]["endsAt"] == "2026-11-20T12:00:00.000Z"


def test_what_all_alerts_say_is_said_once_more_for_the_group() -> None:
    other = replace(ALERT, labels={**ALERT.labels, "place": "cellar"}, summary="Something else")
    document = webhook_document(replace(NOTICE, alerts=(ALERT, other)))
    assert document["commonLabels"] == dict(ALERT.labels)
    assert "summary" not in cast("dict[str, str]", document["commonAnnotations"])
    assert webhook_document(replace(NOTICE, alerts=()))["commonLabels"] == {}


def test_pagerduty_gets_one_incident_per_group_whatever_it_is_told() -> None:
    recorded = cast("dict[str, object]", fixture("pagerduty_trigger.json")["body"])
    event = pagerduty_event(NOTICE, routing_key=KEY, source="https://desk.example.com")
    assert set(recorded) <= set(event)
    payload = cast("dict[str, object]", event["payload"])
    assert set(cast("dict[str, object]", recorded["payload"])) <= set(payload)
    assert (event["event_action"], event["dedup_key"]) == ("trigger", "OutboxLag/harbor")
    again = pagerduty_event(replace(NOTICE, sequence=9, repeats=True), routing_key=KEY, source="x")
    assert again["dedup_key"] == event["dedup_key"]
    over = pagerduty_event(OVER, routing_key=KEY, source="x")
    assert over == {"routing_key": KEY, "dedup_key": "OutboxLag/harbor", "event_action": "resolve"}
    long = replace(NOTICE, group_key="x" * 300, alerts=(replace(ALERT, summary="y" * 3000),))
    event = pagerduty_event(long, routing_key=KEY, source="x")
    assert len(str(event["dedup_key"])) <= 255
    assert len(str(cast("dict[str, object]", event["payload"])["summary"])) == 1024


def test_slack_is_told_in_words_that_it_does_not_take_for_marks() -> None:
    message = slack_message(NOTICE)
    assert message["text"] == "[critical] [FIRING:1] OutboxLag (harbor)"
    text = json.dumps(message)
    assert "&amp; &lt;more&gt;" in text
    assert "outbox-stuck|Runbook" in text
    many = slack_message(replace(NOTICE, alerts=(ALERT,) * 40))
    assert "… and 30 more" in json.dumps(many, ensure_ascii=False)
    assert ":white_check_mark:" in json.dumps(slack_message(OVER))


def test_alertmanager_is_told_until_when_an_alert_holds() -> None:
    [posted] = postable_alerts(NOTICE)
    assert datetime.fromisoformat(str(posted["endsAt"])) > NOON + timedelta(hours=4), "longer than until it is repeated"
    [over] = postable_alerts(OVER)
    assert datetime.fromisoformat(str(over["endsAt"])) == NOON
    assert over["labels"] == posted["labels"]


SERVER = MailServer(
    host="127.0.0.1",
    port=25,
    security=Security.NONE,
    sender="desk@example.com",
    recipients=("ada@example.com", "ben@example.com"),
)


def test_a_mail_has_one_id_at_every_try_and_one_thread_per_group() -> None:
    first, again = write_mail(NOTICE, SERVER), write_mail(NOTICE, SERVER)
    later = write_mail(replace(NOTICE, sequence=4), SERVER)
    assert first["Message-ID"] == again["Message-ID"] != later["Message-ID"]
    assert first["References"] == later["References"]
    assert first["Auto-Submitted"] == "auto-generated", "no autoresponder answers it"
    assert first["To"] == "ada@example.com, ben@example.com"


def test_no_name_puts_a_header_into_a_mail() -> None:
    mail = write_mail(replace(NOTICE, tenant="x\r\nBcc: mallory@example.com"), SERVER)
    assert mail["Bcc"] is None
    assert "\n" not in str(mail["Subject"])


SINKS = ["webhook", "slack", "pagerduty"]


def sink_of(name: str, ear: Ear, http: HttpClient) -> AlertSink:
    """Make a sink that tells the ear."""
    if name == "webhook":
        return AlertWebhook(f"{ear.url}/told?token=secret", http)
    if name == "slack":
        return SlackChannel(f"{ear.url}/services/T/B/secret", http)
    return PagerDuty(KEY, http, base_url=ear.url, source="desk")


@pytest.mark.parametrize("name", SINKS)
async def test_a_sink_that_takes_it_is_told_once(name: str, ear: Ear, http: HttpClient) -> None:
    await sink_of(name, ear, http).tell(NOTICE)
    assert len(ear.heard) == 1


@pytest.mark.parametrize("name", SINKS)
@pytest.mark.parametrize(
    ("status", "failure", "permanent"),
    [
        (400, FailureClass.REJECTED, True),
        (404, FailureClass.REJECTED, True),
        (301, FailureClass.REJECTED, True),
        (429, FailureClass.RATE_LIMITED, False),
        (503, FailureClass.UNAVAILABLE, False),
    ],
)
async def test_a_refusal_says_whether_trying_again_may_help(
    name: str, status: int, failure: FailureClass, ear: Ear, http: HttpClient, *, permanent: bool
) -> None:
    ear.status, ear.headers = status, {"Retry-After": "7"}
    with pytest.raises(ProviderError) as refusal:
        await sink_of(name, ear, http).tell(NOTICE)
    assert (refusal.value.failure, refusal.value.permanent) == (failure, permanent)
    assert refusal.value.retry_after == 7
    assert ear.refused == 1, "no second try by the client"
    assert "secret" not in str(refusal.value)
    assert KEY not in str(refusal.value)


async def test_an_address_where_nobody_listens_is_not_reached(http: HttpClient) -> None:
    sink = AlertWebhook(f"http://127.0.0.1:{free_port()}/x", http)
    with pytest.raises(ProviderError) as failure:
        await sink.tell(NOTICE)
    assert failure.value.failure is FailureClass.UNAVAILABLE
    assert not failure.value.ambiguous


class Post:
    """A mail server that takes mails, or answers as it is told."""

    def __init__(self) -> None:
        self.answer = "250 taken"
        self.mails: list[Message] = []
        self.to: list[str] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Hold one conversation."""
        writer.write(b"220 post.example.com\r\n")
        while line := (await reader.readline()).decode().strip():
            verb = line.split(" ")[0].upper()
            if verb == "DATA":
                writer.write(b"354 go on\r\n")
                self.mails.append(message_from_bytes(await reader.readuntil(b"\r\n.\r\n"), policy=default))
                writer.write(b"250 taken\r\n")
            elif verb == "RCPT":
                self.to.append(line)
                writer.write(f"{self.answer}\r\n".encode())
            elif verb == "QUIT":
                writer.write(b"221 bye\r\n")
                break
            else:
                writer.write(b"250 ok\r\n")
        writer.close()


@asynccontextmanager
async def post_office() -> AsyncIterator[tuple[Post, MailServer]]:
    """Open a mail server on loopback."""
    post = Post()
    server = await asyncio.start_server(post.serve, "127.0.0.1", 0)
    async with server:
        yield post, replace(SERVER, port=server.sockets[0].getsockname()[1])


async def test_a_mail_is_handed_in_for_everybody() -> None:
    async with post_office() as (post, server):
        await MailAlerts(server).tell(NOTICE)
    assert len(post.to) == 2
    [mail] = post.mails
    assert mail["Subject"] == "[critical] [FIRING:1] OutboxLag (harbor)"
    assert "https://desk.example.com/runbooks/outbox-stuck" in mail.as_string()


@pytest.mark.parametrize("answer", ["451 later", "550 nobody"])
async def test_a_mail_server_that_refuses_everybody_is_a_failure(answer: str) -> None:
    async with post_office() as (post, server):
        post.answer = answer
        with pytest.raises(ProviderError):
            await MailAlerts(server).tell(NOTICE)
    assert not post.mails


async def test_a_mail_server_that_is_away_is_a_failure_for_now() -> None:
    with pytest.raises(ProviderError) as failure:
        await MailAlerts(replace(SERVER, port=free_port())).tell(NOTICE)
    assert not failure.value.permanent
