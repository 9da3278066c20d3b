"""People on call are texted once per incident, through the carrier, whatever is paused; never against their STOP."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from frontdesk.features import delivery
from frontdesk.features.delivery.segments import count
from frontdesk.kernel.db import Database, Role
from frontdesk.kernel.settings import SettingsFaulty, load_settings
from frontdesk.kernel.telemetry.redaction import Redactor
from frontdesk.kernel.upkeep import Severity
from frontdesk.operations.alerts import notifying
from frontdesk.operations.alerts.emergency import DATABASE_DOWN, Emergency
from frontdesk.operations.alerts.evaluating import Watch
from frontdesk.operations.alerts.notifying import Notifier
from frontdesk.operations.alerts.rulebook import our_rules
from frontdesk.operations.alerts.texting import STOPPED, USED_UP, OnCallLine, TextAlerts
from frontdesk.operations.alerts.words import ENDING, LAST, alert_words
from frontdesk.ports import ProviderError
from frontdesk.ports.alerts import NoticeStatus
from frontdesk.providers.twin import FaultKind, FaultOrder
from frontdesk.wiring.alerting import text_alerts
from tests.operations.alerts.stage import Dial, Stage, rule
from tests.operations.alerts.test_sinks import ALERT, NOTICE, OVER
from tests.support.actors import ADA_ACTS
from tests.support.office import ADAS_NUMBER, Office, TravelClock, open_office

ON_CALL, SECOND = "+12065550177", "+12065550178"
NOBODYS_NUMBER = "+13105550100"
CREATE = "messages.create"
STATES = "select string_agg(status || ':' || reason, ' ' order by created_at, id) from alert_texts"


@dataclass
class Night:
    """An office whose people on call are texted, and a dial that alerts look at."""

    office: Office
    stage: Stage
    sink: TextAlerts

    async def texts(self, number: str = ON_CALL) -> list[str]:
        """List what somebody on call was texted."""
        return await self.office.texts_to(number)


@asynccontextmanager
async def night(
    database_url: str, home: Path, *, sender: str = ADAS_NUMBER, to: str = ON_CALL, limit: int = 12, **environ: str
) -> AsyncIterator[Night]:
    """Open an office at night."""
    settings = {"ALERT_SMS_TO": to, "ALERT_SMS_FROM": sender, "ALERT_SMS_HOURLY_LIMIT": str(limit), **environ}
    async with open_office(database_url, home, environ=settings) as office:
        if sender != ADAS_NUMBER:
            await office.twin.configure_number(sender, sms_url=f"{office.url}/webhooks/twilio/sms")
        sink = text_alerts(office.parts)["sms"]
        assert isinstance(sink, TextAlerts)
        dial = Dial("heat", ("tenant",))
        watch = Watch(
            book=replace(our_rules(), rules=(rule(), rule("Warm", severity=Severity.WARNING)), inhibitions=()),
            readings={"heat": dial.reading},
            sinks=("sms",),
            base_url="https://desk.example.com",
        )
        notifier = Notifier(system=office.parts.system, sinks={"sms": sink}, process_id=uuid4())
        yield Night(office, Stage(office.parts.system, office.clock, {"heat": dial}, watch, notifier), sink)


async def test_an_incident_is_one_text_however_long_it_lasts_and_joins_and_ends(database_url: str, home: Path) -> None:
    async with night(database_url, home, to=f"{ON_CALL}, {SECOND}") as it:
        it.stage.heat.show(50, "harbor")
        await it.stage.run(300)
        await it.stage.run(9 * 3600, step=900)
        it.stage.heat.show(1, "harbor")
        await it.stage.run(600)
        for number in (ON_CALL, SECOND):
            [text] = await it.texts(number)
            assert text.startswith("Frontdesk critical: Hot (harbor). It is 50 degrees hot in harbor")
            assert "https://desk.example.com/operations/runbooks/texts-not-going-out" in text
            assert count(text).count <= 2
        told = "select count(*) from alert_notifications where sink = 'sms' and status = 'sent'"
        recorded = await it.office.fetchval(told)
        assert isinstance(recorded, int)
        assert recorded >= 3, "recorded as with every other sink"

        it.stage.heat.show(60, "harbor")
        await it.stage.run(300)
        assert len(await it.texts()) == 2, "the next incident is told again"


async def test_no_pause_of_sending_silences_the_people_who_look_after_it(database_url: str, home: Path) -> None:
    async with night(database_url, home, PAUSE_OUTBOUND_SMS="true") as it:
        async with it.office.parts.system.transaction() as tx:
            await delivery.pause_sending(tx, scope=delivery.Scope.GLOBAL, key="all", by=ADA_ACTS, reason="a leak")
        await it.office.missed_call()
        await it.office.settle()
        it.stage.heat.show(50, "harbor")
        await it.stage.run(300)
        assert len(await it.texts()) == 1
        assert await it.office.posts_to() == 0, "customers are texted nothing"


async def test_a_storm_is_no_bill_and_the_last_text_says_that_it_is(database_url: str, home: Path) -> None:
    async with night(database_url, home, limit=3) as it:
        for number in range(8):
            await it.sink.tell(replace(NOTICE, group_key=f"OutboxLag/{number}"))
        texts = await it.texts()
        assert len(texts) == 3
        assert [LAST in text for text in texts] == [False, False, True]
        assert await it.office.fetchval(STATES) == " ".join(["sent:"] * 3 + [f"held:{USED_UP}"] * 5)
        it.office.clock.ahead += timedelta(minutes=61)
        await it.sink.tell(replace(NOTICE, group_key="OutboxLag/later"))
        assert len(await it.texts()) == 4


@pytest.mark.parametrize("sender", [ADAS_NUMBER, NOBODYS_NUMBER])
async def test_who_says_stop_is_texted_no_more_until_they_say_start(sender: str, database_url: str, home: Path) -> None:
    async with night(database_url, home, sender=sender, to=f"{ON_CALL},{SECOND}") as it:
        assert await it.office.text_in("STOP", sid="SM" + "1" * 32, sender=ON_CALL, to=sender) == 200
        await it.office.settle()
        before = len(await it.texts())
        await it.sink.tell(NOTICE)
        assert (len(await it.texts()) - before, len(await it.texts(SECOND))) == (0, 1)
        assert f"held:{STOPPED}" in str(await it.office.fetchval(STATES))
        it.office.clock.ahead += timedelta(seconds=1)
        assert await it.office.text_in("START", sid="SM" + "2" * 32, sender=ON_CALL, to=sender) == 200
        await it.office.settle()
        before = len(await it.texts())
        await it.sink.tell(replace(NOTICE, group_key="OutboxLag/next"))
        assert len(await it.texts()) - before == 1


@pytest.mark.parametrize("kind", [FaultKind.REPLY_LOST, FaultKind.ERROR_AFTER_ACCEPT, FaultKind.TRUNCATED])
async def test_a_lost_answer_is_looked_up_at_the_carrier_and_no_second_text(
    kind: FaultKind, database_url: str, home: Path
) -> None:
    async with night(database_url, home) as it:
        await it.office.twin.inject_fault(FaultOrder(kind=kind, on=CREATE))
        with pytest.raises(ProviderError) as doubt:
            await it.sink.tell(NOTICE)
        assert not doubt.value.permanent
        await it.sink.tell(NOTICE)
        await it.sink.tell(NOTICE)
        assert (len(await it.texts()), await it.office.posts_to(ON_CALL)) == (1, 1)


async def test_a_text_that_never_arrived_at_the_carrier_is_posted_again_once_that_is_known(
    database_url: str, home: Path
) -> None:
    async with night(database_url, home) as it:
        await it.office.twin.inject_fault(
            FaultOrder(kind=FaultKind.ERROR_BEFORE_ACCEPT, on=CREATE, status=500, recipient=ON_CALL)
        )
        with pytest.raises(ProviderError):
            await it.sink.tell(NOTICE)
        with pytest.raises(ProviderError, match="not known yet"):
            await it.sink.tell(NOTICE)
        assert await it.texts() == []
        it.office.clock.ahead += timedelta(seconds=61)
        await it.sink.tell(NOTICE)
        assert (len(await it.texts()), await it.office.posts_to(ON_CALL)) == (1, 2)


async def test_a_carrier_that_takes_nothing_for_now_is_asked_again_by_the_notifier(
    database_url: str, home: Path
) -> None:
    async with night(database_url, home) as it:
        await it.office.twin.inject_fault(FaultOrder(kind=FaultKind.RATE_LIMITED, on=CREATE, retry_after="2"))
        it.stage.heat.show(50, "harbor")
        await it.stage.run(300)
        assert len(await it.texts()) == 1


async def test_a_phone_that_cannot_be_texted_does_not_keep_others_from_hearing(database_url: str, home: Path) -> None:
    async with night(database_url, home, to=f"{ON_CALL},{SECOND}") as it:
        refusal = FaultOrder(kind=FaultKind.REFUSED, on=CREATE, code=21614, recipient=ON_CALL)
        await it.office.twin.inject_fault(refusal)
        await it.sink.tell(NOTICE)
        await it.sink.tell(NOTICE)
        assert (len(await it.texts(SECOND)), await it.office.posts_to(ON_CALL)) == (1, 1)
        await it.office.twin.inject_fault(FaultOrder(kind=FaultKind.REFUSED, on=CREATE, code=21614, count=2))
        for _ in range(2):
            with pytest.raises(ProviderError, match="21614"):
                await it.sink.tell(replace(NOTICE, group_key="OutboxLag/nobody"))
        assert await it.office.posts_to(ON_CALL) == 2, "a refusal for good is not tried again"


async def test_while_the_database_is_away_people_are_texted_once_and_a_stop_in_the_journal_holds(
    database_url: str, home: Path
) -> None:
    async with night(database_url, home, to=f"{ON_CALL},{SECOND}") as it:
        assert await it.office.text_in("STOP", sid="SM" + "1" * 32, sender=SECOND) == 200
        await it.office.settle()
        confirmed, clock = len(await it.texts(SECOND)), TravelClock()
        gone = await Database.open(database_url, role=Role.SYSTEM, clock=clock, max_size=1)
        await gone.close()
        sink = TextAlerts(
            OnCallLine(sender_e164=ADAS_NUMBER, recipients=(ON_CALL, SECOND), hourly_limit=5),
            system=gone,
            providers=it.office.parts.providers,
            journal=it.office.parts.journal,
        )
        bell = Emergency(book=our_rules(), sinks={"sms": sink}, clock=clock, base_url="https://desk.example.com")
        for _ in range(5):
            await bell.database_is_away()
            clock.ahead += timedelta(minutes=2)
        [text] = await it.texts()
        assert DATABASE_DOWN in text
        assert len(await it.texts(SECOND)) == confirmed


async def test_what_an_alert_opened_is_not_told_twice_and_what_a_person_opened_is(
    database_url: str, home: Path
) -> None:
    async with night(database_url, home) as it:
        await it.sink.tell(NOTICE)
        opened = """
            insert into incidents (id, title, grade, alert_group, opened_by, opened_at, began_at)
            values ($1, 'Outbox lags', 1, $2, 'alerts', now(), now() - interval '10 minutes') returning number
        """
        for group, texts in ((NOTICE.group_key, 1), ("", 2)):
            number = await it.office.fetchval(opened, uuid4(), group)
            alert = replace(ALERT, labels={"alertname": "Incident", "incident": str(number)})
            await it.sink.tell(replace(NOTICE, group_key=f"Incident/{number}", alertname="Incident", alerts=(alert,)))
            assert len(await it.texts()) == texts


def test_a_text_has_two_segments_at_most_keeps_its_page_and_holds_no_secret() -> None:
    secret = "sk_live_0123456789"
    long = replace(
        NOTICE,
        alerts=tuple(
            replace(ALERT, summary=f"{secret} “quoted” [x] {{y}} ~ 漢字 +12065550123 root@example.com " + "z" * 400)
            for _ in range(3)
        ),
    )
    text = alert_words(long, Redactor([secret]), ending=ENDING)
    assert count(text).count == 2
    assert text.endswith(f" {NOTICE.runbook_url}{ENDING}")
    assert not any(word in text for word in (secret, "+12065550123", "root@example.com"))
    assert "z..." in text
    assert count(alert_words(NOTICE, Redactor(), ending=LAST)).count <= 2


async def test_the_end_of_an_incident_and_a_warning_are_no_texts(database_url: str, home: Path) -> None:
    async with night(database_url, home) as it:
        await it.sink.tell(OVER)
        it.stage.use(rule("Warm", severity=Severity.WARNING))
        it.stage.heat.show(50, "harbor")
        await it.stage.run(300)
        assert await it.texts() == []
        for status in (NoticeStatus.FIRING, NoticeStatus.RESOLVED):
            await it.sink.tell(notifying.test_notice(status, base_url=it.office.url, now=it.office.clock.now()))
        assert len(await it.texts()) == 1


@pytest.mark.parametrize(
    ("environ", "why"),
    [
        ({"ALERT_SMS_TO": ON_CALL}, "need each other"),
        ({"ALERT_SMS_FROM": ON_CALL}, "need each other"),
        ({"ALERT_SMS_TO": ON_CALL, "ALERT_SMS_FROM": ON_CALL}, "cannot text itself"),
        ({"ALERT_SMS_TO": "2065550177", "ALERT_SMS_FROM": ADAS_NUMBER}, "ALERT_SMS_TO"),
        ({"ALERT_SMS_TO": ON_CALL, "ALERT_SMS_FROM": ADAS_NUMBER, "ALERT_SMS_CARRIER": "pigeon"}, "ALERT_SMS_CARRIER"),
    ],
)
def test_settings_that_text_nobody_are_refused_at_the_start(environ: dict[str, str], why: str, home: Path) -> None:
    with pytest.raises(SettingsFaulty, match=why):
        load_settings(environ, home)
