"""One mail server for all that is written to people; the settings of installations that mailed alerts go on to work."""

from __future__ import annotations

from pathlib import Path

import pytest

from frontdesk.kernel.settings import SettingsFaulty, load_settings
from frontdesk.wiring.mail import alert_server, find_postman, mail_server

SMTP = {
    "SMTP_HOST": "mail.example.com",
    "SMTP_FROM": "desk@example.com",
    "SMTP_USERNAME": "desk",
    "SMTP_PASSWORD": "otter-lantern",
}
OLD = {
    "ALERT_EMAIL_TO": "ops@example.com, night@example.com",
    "ALERT_EMAIL_FROM": "alerts@example.com",
    "ALERT_SMTP_HOST": "old.example.com",
}


def test_without_any_server_nobody_carries_letters(home: Path) -> None:
    settings = load_settings({}, home)
    assert find_postman(settings) is None
    assert alert_server(settings) is None


def test_one_server_takes_letters_and_alerts(home: Path) -> None:
    settings = load_settings({**SMTP, "ALERT_EMAIL_TO": "ops@example.com"}, home)
    letters, alerts = mail_server(settings), alert_server(settings)
    assert letters is not None
    assert (letters.host, letters.sender, letters.username) == ("mail.example.com", "desk@example.com", "desk")
    assert "otter" not in repr(letters)
    assert alerts is not None
    assert (alerts.host, alerts.sender, alerts.recipients) == (
        "mail.example.com",
        "desk@example.com",
        ("ops@example.com",),
    )


def test_the_server_of_alerts_carries_letters_where_no_other_is_named(home: Path) -> None:
    letters = mail_server(load_settings(OLD, home))
    assert letters is not None
    assert (letters.host, letters.sender) == ("old.example.com", "alerts@example.com")


def test_alerts_keep_a_server_of_their_own(home: Path) -> None:
    settings = load_settings({**SMTP, **OLD}, home)
    letters, alerts = mail_server(settings), alert_server(settings)
    assert letters is not None
    assert alerts is not None
    assert (letters.host, alerts.host) == ("mail.example.com", "old.example.com")
    assert alerts.recipients == ("ops@example.com", "night@example.com")


@pytest.mark.parametrize(
    ("environ", "named"),
    [
        ({"ALERT_EMAIL_TO": "ops@example.com"}, "ALERT_EMAIL_TO"),
        ({"ALERT_EMAIL_FROM": "ops@example.com"}, "ALERT_EMAIL_FROM"),
        ({"SMTP_HOST": "mail.example.com"}, "SMTP_FROM"),
        ({"SMTP_HOST": "m.example.com", "SMTP_FROM": "a@example.com", "SMTP_USERNAME": "x"}, "SMTP_PASSWORD"),
        ({"SMTP_USERNAME": "x", "SMTP_PASSWORD": "y"}, "SMTP_HOST"),
        ({"ALERT_SMTP_HOST": "mail.example.com"}, "ALERT_EMAIL_FROM"),
    ],
)
def test_half_a_mail_server_is_a_fault_with_its_name(home: Path, environ: dict[str, str], named: str) -> None:
    with pytest.raises(SettingsFaulty) as refused:
        load_settings(environ, home)
    assert any(named in fault.name for fault in refused.value.faults), refused.value
