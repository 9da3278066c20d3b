"""The doctor names what keeps alerts by text and monitors from working, and `alerts test` texts for real."""

from __future__ import annotations

import asyncpg
import pytest

from frontdesk.providers.twin import TwinConfig, TwinControl, TwinServer
from tests.cli.conftest import Terminal
from tests.support.office import ACCOUNT, TOKEN

ON_CALL, NOBODYS, SECOND = "+12065550177", "+13105550100", "+13105550101"
TELNYX_KEY = "MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI="


async def _a_number_of_ours(terminal: Terminal) -> str:
    connection = await asyncpg.connect(terminal.database_url)
    try:
        return str(await connection.fetchval("select phone_e164 from sending_numbers order by phone_e164 limit 1"))
    finally:
        await connection.close()


async def _found(terminal: Terminal, check: str) -> tuple[object, str, str]:
    checks = (await terminal.type("doctor", "--json")).checks()
    return checks[check]["ok"], str(checks[check]["found"]), str(checks[check]["remedy"])


async def test_alerts_by_text_are_named_off_on_and_wrong(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (await _found(terminal, "alerts by text"))[:2] == (None, "ALERT_SMS_TO is not set: nobody on call is texted")
    monkeypatch.setenv("ALERT_SMS_TO", ON_CALL)
    monkeypatch.setenv("ALERT_SMS_FROM", NOBODYS)
    ok, found, _ = await _found(terminal, "alerts by text")
    assert (ok, "its webhook for texts" in found) == (True, True)
    monkeypatch.setenv("ALERT_SMS_CARRIER", "telnyx")
    ok, found, remedy = await _found(terminal, "alerts by text")
    assert (ok, found) == (False, "telnyx carries the number and has no keys here")
    assert remedy.startswith("set the keys of telnyx")
    monkeypatch.delenv("ALERT_SMS_CARRIER")
    monkeypatch.setenv("TELNYX_API_KEY", "KEY0123456789")
    monkeypatch.setenv("TELNYX_PUBLIC_KEY", TELNYX_KEY)
    monkeypatch.setenv("TWILIO_ACCOUNT_SID", ACCOUNT)
    monkeypatch.setenv("TWILIO_AUTH_TOKEN", TOKEN)
    monkeypatch.setenv("TWILIO_API_BASE_URL", "http://127.0.0.1:9")
    ok, _, remedy = await _found(terminal, "alerts by text")
    assert (ok, "ALERT_SMS_CARRIER" in remedy) == (False, True)


async def test_monitors_are_named_off_on_and_wrong(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    ours = await _a_number_of_ours(terminal)
    assert (await _found(terminal, "monitors"))[0] is None
    monkeypatch.setenv("MONITOR_NUMBER", NOBODYS)
    assert (await _found(terminal, "monitors"))[:2] == (False, "MONITOR_NUMBER is no number of ours")
    monkeypatch.setenv("MONITOR_NUMBER", ours)
    assert "MONITOR_FROM_NUMBER" in (await _found(terminal, "monitors"))[1]
    monkeypatch.setenv("MONITOR_FROM_NUMBER", SECOND)
    assert (await _found(terminal, "monitors"))[:2] == (True, "24 times a day by twilio: call and write")


async def test_the_sink_of_texts_is_tried_through_the_carrier(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with (
        TwinServer(TwinConfig(account_sid=ACCOUNT, auth_token=TOKEN)) as carrier,
        TwinControl(carrier.url) as twin,
    ):
        await twin.configure_number(NOBODYS)
        for name, value in {
            "TWILIO_ACCOUNT_SID": ACCOUNT,
            "TWILIO_AUTH_TOKEN": TOKEN,
            "TWILIO_API_BASE_URL": carrier.url,
            "ALERT_SMS_TO": ON_CALL,
            "ALERT_SMS_FROM": NOBODYS,
        }.items():
            monkeypatch.setenv(name, value)
        tried = await terminal.type("alerts", "test", "--json")
        assert (tried.code, tried.document["ok"]) == (0, True), tried.err
        assert [one["sink"] for one in tried.each("sinks")] == ["sms"]
        [text] = await twin.texts_to(ON_CALL)
        assert "This is a test" in text.body
        monkeypatch.setenv("ALERT_SMS_FROM", SECOND)
        refused = await terminal.type("alerts", "test", "--json")
        assert (refused.code, refused.document["ok"]) == (1, False)
