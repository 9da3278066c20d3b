"""What an operator can rely on when a process starts with right or wrong settings."""

from __future__ import annotations

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_network
from pathlib import Path

import pytest

from frontdesk.kernel.secrets import ensure_secret
from frontdesk.kernel.settings import SettingsFaulty, load_settings, render_reference

KEY = "k3y-" + "0123456789abcdef" * 3
CANARY = "canary-7d1f-value"

DEFAULTS_OF_THE_SOURCE = {
    "HOLD_TTL_MINUTES": "15",
    "SEARCH_GRANULARITY_MINUTES": "15",
    "POLL_INTERVAL_GOOGLE_SECONDS": "60",
    "POLL_INTERVAL_JOBBER_SECONDS": "120",
    "OUTBOX_BATCH_SIZE": "100",
    "OUTBOX_CONCURRENCY": "2",
    "TREAT_SHORT_COMPLETED_AS_MISSED": "false",
    "SHORT_COMPLETED_MAX_SECONDS": "10",
    "PAUSE_OUTBOUND_SMS": "false",
}
NAMES_OF_THE_SOURCE = {
    *DEFAULTS_OF_THE_SOURCE,
    "DATABASE_URL",
    "SECRET_KEY",
    "TWILIO_ACCOUNT_SID",
    "TWILIO_AUTH_TOKEN",
    "TWILIO_MESSAGING_SERVICE_SID",
    "STRIPE_SECRET_KEY",
    "STRIPE_WEBHOOK_SECRET",
    "GOOGLE_CLIENT_ID",
    "GOOGLE_CLIENT_SECRET",
    "CLERK_JWT_ISSUER",
    "CLERK_JWT_AUDIENCE",
    "CLERK_JWKS_URL",
    "JOBBER_API_TOKEN",
}


def faults_of(environ: dict[str, str], home: Path) -> dict[str, str]:
    with pytest.raises(SettingsFaulty) as refusal:
        load_settings(environ, home)
    return {fault.name: str(fault) for fault in refusal.value.faults}


def test_an_empty_environment_starts_with_the_defaults_of_the_source(tmp_path: Path) -> None:
    settings = load_settings({}, tmp_path)
    assert settings.scheduling.hold_ttl_minutes == 15
    assert settings.scheduling.poll_interval_jobber_seconds == 120
    assert (settings.outbox.batch_size, settings.outbox.concurrency) == (100, 2)
    assert settings.calls.treat_short_completed_as_missed is False
    assert settings.delivery.pause_outbound_sms is False
    assert settings.database.url is None
    assert (settings.web.host, settings.web.port) == ("127.0.0.1", 8080)
    assert settings.process.home == tmp_path


def test_the_reference_names_every_setting_of_the_source_with_its_default() -> None:
    rows = {line.split("`")[1]: line for line in render_reference().splitlines() if line.startswith("| `")}
    assert rows.keys() >= NAMES_OF_THE_SOURCE
    for name, default in DEFAULTS_OF_THE_SOURCE.items():
        assert f"| `{name}` | `{default}` |" in rows[name]
    assert "`TWILIO_AUTH_TOKEN_FILE`" in rows["TWILIO_AUTH_TOKEN"]
    assert "| generated |" in rows["SECRET_KEY"]


def test_the_secret_key_is_generated_once_and_only_its_owner_can_read_it(tmp_path: Path) -> None:
    first = load_settings({}, tmp_path).security.secret_key.get_secret_value()
    assert load_settings({}, tmp_path).security.secret_key.get_secret_value() == first
    assert load_settings({}, tmp_path / "elsewhere").security.secret_key.get_secret_value() != first
    assert stat.S_IMODE((tmp_path / "secrets" / "secret_key").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "secrets").stat().st_mode) == 0o700


def test_processes_that_start_together_agree_on_one_generated_secret(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        values = set(pool.map(lambda _: ensure_secret(tmp_path, "shared"), range(32)))
    assert len(values) == 1
    assert [path.name for path in (tmp_path / "secrets").iterdir()] == ["shared"]


def test_all_faults_are_listed_at_once_with_name_reason_and_remedy(tmp_path: Path) -> None:
    faults = faults_of(
        {
            "SECRET_KEY": "short",
            "DATABASE_URL": "mysql://somewhere",
            "PORT": "eighty",
            "HOLD_TTL_MINUTES": "0",
            "PAUSE_OUTBOUND_SMS": "perhaps",
            "LOG_LEVEL": "LOUD",
            "TRUSTED_PROXIES": "10.0.0.0/8, proxy",
            "TWILIO_ACCOUNT_SID": "AC12",
            "TWILIO_API_BASE_URL": "http://carrier.example",
            "TWILIO_SHARED_KEYS": "no-secret",
            "PUBLIC_BASE_URL": "example.com",
        },
        tmp_path,
    )
    assert faults.keys() == {
        "SECRET_KEY",
        "DATABASE_URL",
        "PORT",
        "HOLD_TTL_MINUTES",
        "PAUSE_OUTBOUND_SMS",
        "LOG_LEVEL",
        "TRUSTED_PROXIES",
        "TWILIO_ACCOUNT_SID",
        "TWILIO_API_BASE_URL",
        "TWILIO_SHARED_KEYS",
        "PUBLIC_BASE_URL",
    }
    assert "at least 32 characters" in faults["SECRET_KEY"]
    assert "whole number" in faults["PORT"] or "integer" in faults["PORT"]
    assert "greater than or equal to 1" in faults["HOLD_TTL_MINUTES"]
    assert "(default 15)" in faults["HOLD_TTL_MINUTES"]
    assert "entry 2 is not a network" in faults["TRUSTED_PROXIES"]


def test_no_fault_shows_the_value_of_a_secret(tmp_path: Path) -> None:
    secret_file = tmp_path / "both"
    secret_file.write_text(CANARY)
    with pytest.raises(SettingsFaulty) as refusal:
        load_settings(
            {
                "SECRET_KEY": CANARY,
                "DATABASE_URL": f"mysql://u:{CANARY}@h/d",
                "TWILIO_SHARED_KEYS": CANARY,
                "TWILIO_AUTH_TOKEN": CANARY,
                "STRIPE_SECRET_KEY": CANARY,
                "STRIPE_SECRET_KEY_FILE": str(secret_file),
            },
            tmp_path,
        )
    assert {fault.name for fault in refusal.value.faults} >= {"SECRET_KEY", "DATABASE_URL", "STRIPE_SECRET_KEY"}
    assert CANARY not in str(refusal.value)
    assert CANARY not in repr(refusal.value.faults)


def test_an_account_without_its_token_is_named_as_a_pair(tmp_path: Path) -> None:
    faults = faults_of({"TWILIO_ACCOUNT_SID": "AC" + "0" * 32}, tmp_path)
    assert list(faults) == ["TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN"]


def test_a_secret_can_come_from_a_file_and_its_line_break_is_not_part_of_it(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("from-file\n")
    settings = load_settings({"JOBBER_API_TOKEN_FILE": str(token), "SECRET_KEY": KEY}, tmp_path)
    assert settings.jobber.api_token is not None
    assert settings.jobber.api_token.get_secret_value() == "from-file"


@pytest.mark.parametrize("content", [None, b"", b"\n", b"\xff\xfe", b"x" * (65 * 1024)])
def test_an_unusable_secret_file_is_a_fault_that_names_it(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "token"
    if content is not None:
        path.write_bytes(content)
    faults = faults_of({"JOBBER_API_TOKEN_FILE": str(path), "SECRET_KEY": KEY}, tmp_path)
    assert list(faults) == ["JOBBER_API_TOKEN_FILE"]
    assert str(path) in faults["JOBBER_API_TOKEN_FILE"]


def test_a_home_that_cannot_keep_a_secret_is_a_fault(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    assert "SECRET_KEY" in faults_of({}, blocked)


def test_settings_show_no_secret_when_printed(tmp_path: Path) -> None:
    settings = load_settings(
        {
            "SECRET_KEY": KEY,
            "DATABASE_URL": f"postgresql://u:{CANARY}%21@h/d",
            "TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
            "TWILIO_AUTH_TOKEN": CANARY,
            "TWILIO_SHARED_KEYS": f"one:{CANARY}-1, two:{CANARY}-2",
        },
        tmp_path,
    )
    assert CANARY not in repr(settings)
    assert CANARY not in str(settings.twilio.model_dump())
    assert set(settings.secret_values()) == {
        KEY,
        f"postgresql://u:{CANARY}%21@h/d",
        f"{CANARY}%21",
        f"{CANARY}!",
        CANARY,
        f"{CANARY}-1",
        f"{CANARY}-2",
    }
    assert settings.twilio.shared_keys["two"].get_secret_value() == f"{CANARY}-2"


def test_an_empty_value_means_unset(tmp_path: Path) -> None:
    settings = load_settings({"DATABASE_URL": "", "PORT": " ", "TWILIO_AUTH_TOKEN": ""}, tmp_path)
    assert settings.database.url is None
    assert settings.web.port == 8080
    assert settings.twilio.auth_token is None


def test_the_environment_of_the_process_is_not_read_behind_our_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PORT", "9999")
    monkeypatch.setenv("TWILIO_API_BASE_URL", "https://wrong.example")
    assert os.environ["PORT"] == "9999"
    settings = load_settings({}, tmp_path)
    assert settings.web.port == 8080
    assert settings.twilio.api_base_url == "https://api.twilio.com"


def test_proxies_and_loopback_peers_are_accepted(tmp_path: Path) -> None:
    settings = load_settings(
        {"TRUSTED_PROXIES": "10.0.0.0/8,::1/128", "TWILIO_API_BASE_URL": "http://127.0.0.1:4010/"}, tmp_path
    )
    assert settings.web.trusted_proxies == (ip_network("10.0.0.0/8"), ip_network("::1/128"))
    assert settings.twilio.api_base_url == "http://127.0.0.1:4010"
