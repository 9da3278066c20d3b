"""What operators ask when something is wrong is answered truly: in trouble the answer names it, in health it does not.

The statements are those that operators bring along, as they type them; what has no table here is asked by a command.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import cast
from uuid import UUID

import asyncpg
import httpx2
import pytest

from frontdesk.features import campaigns, delivery
from frontdesk.features.campaigns.model import Schedule, ScheduleMode, Variant
from frontdesk.features.campaigns.service.drafting import Draft
from frontdesk.kernel.auth import Scope
from frontdesk.providers.twin import FaultKind, FaultOrder
from frontdesk.wiring import assemble
from frontdesk.worker.main import run_worker
from tests.cli.conftest import Answer, Terminal
from tests.features.campaigns.stage import EVERYBODY, WORDS
from tests.support.actors import TEST_ACTS
from tests.support.backroom import noon, send, work
from tests.support.house import ADA, House, open_house
from tests.support.marketing import NOON_UTC, add_people, let_numbers_advertise, phones
from tests.support.office import ACCOUNT, ADAS_NUMBER, CAROL, MALLORYS_NUMBER

FIXTURE = Path(__file__).parents[1] / "fixtures" / "diagnosis" / "statements.sql"
STATEMENTS = dict(re.findall(r"^-- (\w+)\n(.+?;)$", FIXTURE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL))
DAN, EVE = "+12065550177", "+12065550178"


@dataclass
class Place:
    """A running installation and a terminal beside it."""

    house: House
    terminal: Terminal

    async def ask(self, name: str, *, tenant: UUID | None = None, contact: UUID | None = None) -> list[list[object]]:
        """Ask one of the statements as it was brought along; returns its rows."""
        filled = STATEMENTS[name].replace("+61...", CAROL).replace("'...'", f"'{tenant or contact}'")
        return rows(await self.terminal.type("query", filled, "--json"))

    async def change(self, name: str, *, tenant: UUID, to: int = 0) -> None:
        """Run one of the statements that write, as the owner of the database does."""
        login = await asyncpg.connect(self.terminal.database_url)
        try:
            statement = STATEMENTS[name].replace("'...'", f"'{tenant}'").replace("X", str(to))
            assert await login.execute(statement) == "UPDATE 1"
        finally:
            await login.close()

    async def figure(self, name: str) -> list[list[object]]:
        """Ask for a figure of Ada's business by its name."""
        return rows(await self.terminal.type("query", name, "--tenant", "harbor", "--json"))

    async def waiting(self) -> int:
        """Count Ada's texts that wait, whether due or held for a moment."""
        [[business, due, later, in_flight]] = await self.figure("queue-length")
        assert (business, in_flight) == ("harbor", 0)
        assert isinstance(due, int)
        assert isinstance(later, int)
        return due + later

    async def wrong(self) -> list[str]:
        """Read what the health check names."""
        named = told(await self.terminal.type("health", "--json"))["wrong"]
        assert isinstance(named, list)
        return named

    async def text(self, customer: str = CAROL) -> None:
        """Let somebody call, and wait until their text has left, was refused, or is held."""
        await self.house.missed_call(customer)
        await self.house.parts.courier.idle()
        await self.house.settle()
        await self.house.twin.wait_until_idle()


def told(answer: Answer) -> dict[str, object]:
    """Read the document of a command; the running house may have logged before it."""
    return cast("dict[str, object]", json.loads(answer.out.splitlines()[-1]))


def rows(answer: Answer) -> list[list[object]]:
    """Take the rows out of an answer."""
    assert answer.code == 0, answer
    found = told(answer)["rows"]
    assert isinstance(found, list)
    return found


@pytest.fixture
async def place(
    database_url: str,
    home: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    quiet_again: None,  # noqa: ARG001 - runs around the test
) -> AsyncIterator[Place]:
    """Lend a running house with a terminal beside it."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("FRONTDESK_HOME", str(home))
    async with open_house(database_url, home) as house:
        yield Place(house, Terminal(database_url, home, capsys))


@asynccontextmanager
async def worker(place: Place) -> AsyncIterator[None]:
    """Let a worker run beside the web process."""
    stop = asyncio.Event()
    async with AsyncExitStack() as stack:
        parts = await assemble(
            stack,
            settings=place.house.parts.settings,
            database_url=place.terminal.database_url,
            kind="worker",
            public_base_url=place.house.url,
            home=place.terminal.home,
        )
        working = asyncio.create_task(run_worker(parts, stop))
        try:
            yield
        finally:
            stop.set()
            await working


async def test_a_healthy_installation_is_told_to_be_healthy(place: Place) -> None:
    house, ada = place.house, place.house.ada.id
    async with worker(place):
        await place.text()
        assert await place.wrong() == []
        assert await place.figure("queue-length") == [["harbor", 0, 0, 0]]
        [[business, _, sends]] = await place.figure("sends-per-minute")
        assert (business, sends) == ("harbor", 1)
        assert await place.figure("delivery-rate") == [["harbor", "delivered", 1, "100.00"]]
        [[status, percentage]] = await place.ask("delivery_rate")
        assert (status, Decimal(str(percentage))) == ("delivered", Decimal(100))
    assert await place.figure("failure-reasons") == []
    assert await place.ask("failure_reasons") == []
    assert await place.ask("do_not_contact") == []
    assert await place.ask("tenant_timezone", tenant=ada) == [[house.ada.timezone]]
    numbers = await place.terminal.type("query", STATEMENTS["numbers"], "--json")
    columns = cast("list[str]", told(numbers)["columns"])
    known = {row[columns.index("phone_e164")]: row[columns.index("tenant_id")] for row in rows(numbers)}
    assert known == {ADAS_NUMBER: str(ada), MALLORYS_NUMBER: str(house.mallory.id)}


async def test_texts_that_are_stuck_are_counted_and_the_missing_worker_is_named(place: Place) -> None:
    ada = await place.house.as_person(ADA)
    await ada.post(f"/tenants/{place.house.ada.id}/pause")
    await place.house.missed_call()
    await ada.post(f"/tenants/{place.house.ada.id}/resume")
    assert await place.waiting() == 1
    assert [status for status, _ in await place.ask("delivery_rate")] == ["queued"]
    assert await place.figure("sends-per-minute") == []
    [named] = await place.wrong()
    assert named.startswith("no worker process is running")
    async with worker(place):
        await place.house.twin.wait_for_text(CAROL)
        await place.house.eventually(lambda: _is_empty(place))
        assert await place.wrong() == []
    [[_, _, sends]] = await place.figure("sends-per-minute")
    assert sends == 1


async def _is_empty(place: Place) -> bool:
    async with place.house.parts.system.transaction() as tx:
        found = await delivery.read_figure(tx, "queue-length", tenant_id=place.house.ada.id)
    return [row["due"] for row in found] == [0] and [row["in_flight"] for row in found] == [0]


async def test_a_paused_business_is_named_with_who_paused_it_and_its_texts_wait(place: Place) -> None:
    house = place.house
    ada = await house.as_person(ADA)
    async with worker(place):
        await ada.post(f"/tenants/{house.ada.id}/pause", json={"reason": "wrong template"})
        await house.missed_call()
        [named] = await place.wrong()
        assert f"sending is paused: tenant {house.ada.id} since " in named
        assert f"by {ADA} (wrong template)" in named
        assert await place.waiting() == 1
        paused = await place.terminal.type(
            "query", "select scope, key, reason from delivery_switches where paused_at is not null", "--json"
        )
        assert rows(paused) == [["tenant", str(house.ada.id), "wrong template"]]
        await ada.post(f"/tenants/{house.ada.id}/resume")
        await house.twin.wait_for_text(CAROL)
        assert await place.wrong() == []


async def test_webhooks_that_are_refused_are_counted_and_the_archive_shows_none_of_them(place: Place) -> None:
    house = place.house
    metrics = await house.as_program(Scope.METRICS_READ)
    assert await _measured(metrics, "webhook_signature_failures_total") == 0
    forged = house.client(**{"X-Twilio-Signature": "bm8="})
    stop = {"AccountSid": ACCOUNT, "MessageSid": "SM" + "1" * 32, "From": CAROL, "To": ADAS_NUMBER, "Body": "STOP"}
    assert (await forged.post("/webhooks/twilio/sms", data=stop)).status_code == 403
    assert await _measured(metrics, "webhook_signature_failures_total") == 1
    taken = "select provider, kind, count(*) from webhook_events where kind = 'sms' group by provider, kind"
    assert rows(await place.terminal.type("query", taken, "--json")) == []
    assert await place.ask("do_not_contact") == []
    await house.twin.send_text(customer=CAROL, to=ADAS_NUMBER, body="STOP")
    assert await _measured(metrics, "webhook_signature_failures_total") == 1
    assert len(await place.ask("do_not_contact")) == 1


async def test_a_webhook_that_comes_twice_is_counted_and_stands_in_the_archive_once(place: Place) -> None:
    house = place.house
    metrics = await house.as_program(Scope.METRICS_READ)
    assert await _measured(metrics, "webhook_dedupe_hits_total") == 0
    await house.twin.inject_fault(FaultOrder(kind=FaultKind.DUPLICATE, on="sms.inbound", copies=2))
    await house.twin.send_text(customer=CAROL, to=ADAS_NUMBER, body="Are you open?")
    await house.twin.wait_until_idle()
    assert await _measured(metrics, "webhook_dedupe_hits_total") == 2
    repeats = "select dedupe_key from webhook_events group by provider, dedupe_key having count(*) > 1"
    assert rows(await place.terminal.type("query", repeats, "--json")) == []


async def _measured(client: httpx2.AsyncClient, metric: str) -> float:
    text = (await client.get("/metrics")).text
    return sum(float(value) for value in re.findall(rf'^{metric}{{provider="twilio"}} (\S+)$', text, re.MULTILINE))


async def test_a_number_that_no_business_has_is_seen_in_the_mapping(place: Place) -> None:
    mapped = "select count(*) from sending_numbers where phone_e164 = '{}'"
    for number, found in ((ADAS_NUMBER, 1), (DAN, 0)):
        assert rows(await place.terminal.type("query", mapped.format(number), "--json")) == [[found]]


async def test_a_text_to_somebody_who_said_stop_is_blocked_and_every_answer_says_why(place: Place) -> None:
    house = place.house
    await place.text()
    await house.twin.send_text(customer=CAROL, to=ADAS_NUMBER, body="please stop texting me")
    await house.twin.wait_until_idle()
    async with house.parts.app.transaction(house.ada.id) as tx:
        await tx.execute("delete from textback_cooldowns where tenant_id = $1", house.ada.id)
    await place.text()
    checked = await place.terminal.type("dnc", "check", "--tenant", "harbor", "--contact", CAROL, "--json")
    assert told(checked)["transactional"] == "consent.opted_out"
    [entry] = await place.ask("do_not_contact")
    assert CAROL in entry
    assert await place.figure("failure-reasons") == [["harbor", "Consent", "consent.opted_out", 1]]
    ada = await house.as_person(ADA)
    [blocked] = (await ada.get("/api/send-jobs", params={"status": "blocked"})).json()["items"]
    decision = (await ada.get(f"/api/send-jobs/{blocked['id']}")).json()["decisions"][-1]
    assert (decision["verdict"], decision["code"]) == ("bar", "consent.opted_out")
    free = await place.terminal.type("dnc", "check", "--tenant", "harbor", "--contact", DAN, "--json")
    assert told(free)["transactional"] == ""


async def test_the_list_of_the_whole_platform_is_asked_by_the_check_alone(place: Place) -> None:
    await place.terminal.type("dnc", "add", "--contact", CAROL, "--reason", "court order")
    assert await place.ask("do_not_contact") == []
    checked = told(await place.terminal.type("dnc", "check", "--tenant", "harbor", "--contact", CAROL, "--json"))
    everywhere = cast("dict[str, object]", checked["everywhere"])
    assert (everywhere["scope"], everywhere["reason"]) == ("all", "court order")
    assert (checked["transactional"], checked["marketing"]) == ("consent.refused_everywhere",) * 2
    await place.text()
    assert await place.figure("failure-reasons") == [["harbor", "Consent", "consent.opted_out", 1]]


async def test_a_budget_that_is_used_up_is_told_and_holds_texts_until_it_is_raised_or_reset(place: Place) -> None:
    house, ada = place.house, place.house.ada.id
    await place.text()
    [[_, daily, _, monthly, _]] = await place.figure("budget-status")
    assert daily == monthly
    spent = Decimal(str(daily))
    assert spent > 0
    await place.change("set_daily_budget", tenant=ada, to=1)
    assert [Decimal(str(value)) for [value] in await place.ask("daily_budget", tenant=ada)] == [1]
    await place.text(DAN)
    assert await house.twin.texts_to(DAN) == []
    assert await place.waiting() == 1
    [[_, daily, limit, _, _]] = await place.figure("budget-status")
    assert (Decimal(str(daily)), Decimal(str(limit))) == (spent, Decimal(1)), "what is spent never grows past the limit"
    status = {row[0]: [Decimal(str(cents)) for cents in row[1:]] for row in await place.ask("budget_status")}
    assert status[house.ada.name][:2] == [spent / 100, Decimal("0.01")]
    assert status[house.mallory.name][0] == 0, "a business that never sent has a budget, too"
    await place.change("set_daily_budget", tenant=ada, to=5000)
    await place.change("reset_spent", tenant=ada)
    [[_, daily, limit, monthly, _]] = await place.figure("budget-status")
    assert (Decimal(str(daily)), Decimal(str(limit)), Decimal(str(monthly))) == (Decimal(0), Decimal(5000), spent)
    await place.text(EVE)
    assert len(await house.twin.texts_to(EVE)) == 1
    [budget] = await place.ask("budget", tenant=ada)
    assert str(spent) in [str(value) for value in budget]


async def test_yesterdays_spending_is_not_told_as_todays(place: Place) -> None:
    await place.text()
    async with place.house.parts.system.transaction(place.house.ada.id) as tx:
        await tx.execute("update budgets set day = day - 1 where tenant_id = $1", place.house.ada.id)
    [[_, daily, _, monthly, _]] = await place.figure("budget-status")
    assert Decimal(str(daily)) == 0
    assert Decimal(str(monthly)) > 0
    house = place.house
    lane = delivery.MarketingDispatch(
        system=house.parts.system, courier=house.parts.courier, process_id=house.parts.process_id
    )
    await lane.refund_once()
    status = {row[0]: [Decimal(str(cents)) for cents in row[1:]] for row in await place.ask("budget_status")}
    assert status[house.ada.name][0] == 0
    assert status[house.ada.name][2] * 100 == Decimal(str(monthly))


@pytest.mark.parametrize(("code", "reason"), [(21614, "Invalid phone"), (30034, "Provider error"), (21610, "Consent")])
async def test_failures_are_counted_by_reason(place: Place, code: int, reason: str) -> None:
    await place.text(DAN)
    await place.house.twin.inject_fault(FaultOrder(kind=FaultKind.REFUSED, on="messages.create", code=code, status=400))
    await place.text()
    assert await place.ask("failure_reasons") == [[reason, 1]]
    [[business, told_reason, told_code, texts]] = await place.figure("failure-reasons")
    assert (business, told_reason, told_code, texts) == ("harbor", reason, str(code), 1)
    shares = {status: Decimal(str(share)) for status, share in await place.ask("delivery_rate")}
    assert shares == {"delivered": 50, "failed": 50}
    assert await place.figure("delivery-rate") == [
        ["harbor", "delivered", 1, "50.00"],
        ["harbor", "failed", 1, "50.00"],
    ]


async def test_an_account_that_the_carrier_does_not_accept_is_told_by_the_doctor(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = place.house.parts.twilio
    assert account is not None
    monkeypatch.setenv("PUBLIC_BASE_URL", place.house.url)
    monkeypatch.setenv("TWILIO_ACCOUNT_SID", account.account_sid)
    monkeypatch.setenv("TWILIO_API_BASE_URL", account.api_base_url)
    for token, fine in ((account.auth_token, True), ("the-wrong-token", False)):
        monkeypatch.setenv("TWILIO_AUTH_TOKEN", token)
        document = told(await place.terminal.type("doctor", "--json"))
        checks = {one["check"]: one["ok"] for one in cast("list[dict[str, object]]", document["checks"])}
        assert (checks["carrier"], checks["webhook round trip"]) == (fine, fine)


@pytest.mark.parametrize(("hour", "leaves"), [(NOON_UTC, True), (NOON_UTC + timedelta(hours=12), False)])
async def test_marketing_leaves_by_day_and_is_held_by_night_with_the_zones_and_hours_that_hold_it(
    database_url: str,
    home: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    hour: datetime,
    leaves: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("FRONTDESK_HOME", str(home))
    clock = noon()
    async with open_house(database_url, home, clock=clock) as house:
        place = Place(house, Terminal(database_url, home, capsys))
        await let_numbers_advertise(house.parts.system, house.ada.id)
        async with house.parts.app.transaction(house.ada.id) as tx:
            [(phone, person)] = (await add_people(tx, phones(1))).items()
        await begin_campaign(house)
        clock.ahead += hour - NOON_UTC
        await send(house, clock)
        assert bool(await house.twin.texts_to(phone)) is leaves
        assert await place.ask("contact_timezone", contact=person) == [["America/Los_Angeles"]]
        hours = "select quiet_from, quiet_until from campaigns"
        assert rows(await place.terminal.type("query", hours, "--json")) == [["20:30:00", "09:30:00"]]
        [[code]] = rows(await place.terminal.type("query", "select failure_code from send_jobs", "--json"))
        assert code == (None if leaves else "law.quiet_hours")
        assert await place.waiting() == (0 if leaves else 1)


async def begin_campaign(house: House) -> None:
    """Bring a campaign with quiet hours of its own to its first text."""
    draft = Draft(
        name="Winter check",
        audience=EVERYBODY,
        variants=(Variant(name="A", body=WORDS),),
        senders=(ADAS_NUMBER,),
        schedule=Schedule(mode=ScheduleMode.AT_ONCE),
        ends_at=house.parts.clock.now() + timedelta(days=3),
        quiet_from=time(20, 30),
        quiet_until=time(9, 30),
    )
    async with house.parts.app.transaction(house.ada.id) as tx:
        made = await campaigns.create_campaign(tx, draft, by=TEST_ACTS)
        await campaigns.begin_rehearsal(tx, campaign_id=made.id, by=TEST_ACTS)
    await work(house)
    async with house.parts.app.transaction(house.ada.id) as tx:
        known = await campaigns.get_campaign(tx, campaign_id=made.id)
        await campaigns.approve_campaign(tx, campaign_id=made.id, content_hash=known.content_hash, by=TEST_ACTS)
        await campaigns.start_campaign(tx, campaign_id=made.id, by=TEST_ACTS)
    await work(house)


async def test_the_clock_that_decides_is_the_databases(place: Place) -> None:
    [[seconds]] = rows(
        await place.terminal.type("query", "select extract(epoch from now() - clock_timestamp())::int", "--json")
    )
    assert seconds == 0
    document = told(await place.terminal.type("doctor", "--json"))
    checks = {one["check"]: one for one in cast("list[dict[str, object]]", document["checks"])}
    assert checks["clock"]["ok"] is True
