"""Every recorded Twilio webhook and every published signature passes through the real HTTP endpoints."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.office import ADAS_NUMBER, open_office

FIXTURES = Path(__file__).parents[1] / "fixtures" / "twilio"
PATHS = {
    "voice_incoming": "voice",
    "voice_dial_action": "voice/dial-action",
    "call_status": "voice/status",
    "recording_status": "voice/recording",
    "sms_status": "sms/status",
    "sms_incoming": "sms",
    "mms_incoming": "sms",
}


def _webhooks() -> list[Path]:
    return sorted(path for path in (FIXTURES / "webhooks").glob("*.json") if not path.stem.startswith("api_error"))


def _path(name: str) -> str:
    return next(path for prefix, path in PATHS.items() if name.startswith(prefix))


async def test_every_recorded_webhook_is_taken_in(database_url: str, home: Path) -> None:
    webhooks = _webhooks()
    assert len(webhooks) >= 29
    async with open_office(database_url, home) as office:
        answers = {}
        for fixture in webhooks:
            form = json.loads(fixture.read_text())["form"]
            ours = {name: ADAS_NUMBER if value == "+15005550006" else value for name, value in form.items()}
            status, _ = await office.post(_path(fixture.stem), ours)
            answers[fixture.stem] = status
        assert {name: status for name, status in answers.items() if status not in {200, 204}} == {}
        await office.settle()
        assert await office.fetchval("select count(*) from calls where missed_at is not null") == 1
        assert await office.fetchval("select count(*) from voicemails") == 1
        taken = await office.fetchval("select count(*) from webhook_events where tenant_id is not null")
        assert isinstance(taken, int)
        assert taken >= 20


def _vectors() -> list[dict[str, object]]:
    vectors: list[dict[str, object]] = json.loads((FIXTURES / "signature_vectors.json").read_text())
    return [vector for vector in vectors if "/webhooks/" in str(vector["url"])]


@pytest.mark.parametrize("vector", _vectors(), ids=lambda vector: str(vector["scheme"])[:30])
@pytest.mark.parametrize("word", ["tomorrow", "tomorrov"], ids=["as signed", "tampered"])
async def test_a_published_signature_opens_the_door_and_a_changed_byte_shuts_it(
    vector: dict[str, object], word: str, database_url: str, home: Path
) -> None:
    secret = str(vector["secret"])
    environ = {
        "PUBLIC_BASE_URL": "https://app.example.com",
        "TWILIO_AUTH_TOKEN": secret,
        "TWILIO_SHARED_KEYS": f"webhooks_sharedkey_01:{secret}",
    }
    body = str(vector["body"]).replace("tomorrow", word)
    headers = {"Content-Type": "application/x-www-form-urlencoded", **_headers(vector)}
    async with open_office(database_url, home, environ=environ) as office:
        query = str(vector["url"]).partition("?")[2]
        address = f"{office.url}/webhooks/twilio/sms?{query}"
        async with office.carrier.post(address, data=body, headers=headers) as answer:
            assert answer.status == (200 if word == "tomorrow" else 403)
        kept = await office.fetchval("select count(*) from webhook_events")
        assert kept == (1 if word == "tomorrow" else 0)


def _headers(vector: dict[str, object]) -> dict[str, str]:
    headers = vector["headers"]
    assert isinstance(headers, dict)
    return {str(name): str(value) for name, value in headers.items()}
