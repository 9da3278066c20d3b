"""The mail server that is set up, and the postman who hands letters in there."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum

from pydantic import SecretStr

from frontdesk.kernel.settings import Settings
from frontdesk.ports.mail import Postman
from frontdesk.providers.smtp import MailLetters, MailServer, Security


def mail_server(settings: Settings) -> MailServer | None:
    """Tell where mails are handed in; None if no server is set up.

    SMTP_… names it, else ALERT_SMTP_… as in installations that were set up for alerts alone.
    """
    mail = settings.mail
    named = _server(mail.host, mail.port, mail.security, mail.sender, mail.username, mail.password)
    return named or _own_server(settings)


def _own_server(settings: Settings) -> MailServer | None:
    """Tell the mail server that was set up for alerts alone."""
    of = settings.alerts
    return _server(of.smtp_host, of.smtp_port, of.smtp_security, of.email_from, of.smtp_username, of.smtp_password)


def _server(
    host: str | None, port: int, security: StrEnum, sender: str | None, username: str | None, password: SecretStr | None
) -> MailServer | None:
    if not (host and sender):
        return None
    return MailServer(
        host=host,
        port=port,
        security=Security(security.value),
        sender=sender,
        recipients=(),
        username=username or "",
        password="" if password is None else password.get_secret_value(),
    )


def alert_server(settings: Settings) -> MailServer | None:
    """Tell where alerts are handed in, and who is mailed; None unless somebody is. ALERT_SMTP_… wins, if it is set."""
    alerts = settings.alerts
    people = tuple(one.strip() for one in (alerts.email_to or "").split(",") if one.strip())
    if not people:
        return None
    server = _own_server(settings) or mail_server(settings)
    if server is None:
        return None
    return replace(server, sender=alerts.email_from or server.sender, recipients=people)


def find_postman(settings: Settings) -> Postman | None:
    """Find who carries letters to people; nobody if no mail server is set up."""
    server = mail_server(settings)
    return None if server is None else MailLetters(server)
