"""The mail server that is set up, and the postman who hands letters in there."""

from __future__ import annotations

from dataclasses import replace

from frontdesk.kernel.settings import Settings
from frontdesk.ports.mail import Postman
from frontdesk.providers.smtp import MailLetters, MailServer, Security


def mail_server(settings: Settings) -> MailServer | None:
    """Tell where mails are handed in; None if no server is set up.

    SMTP_… names it, else ALERT_SMTP_… as in installations that were set up for alerts alone.
    """
    mail = settings.mail
    if mail.host and mail.sender:
        return MailServer(
            host=mail.host,
            port=mail.port,
            security=Security(mail.security.value),
            sender=mail.sender,
            recipients=(),
            username=mail.username or "",
            password="" if mail.password is None else mail.password.get_secret_value(),
        )
    return _own_server(settings)


def _own_server(settings: Settings) -> MailServer | None:
    """Tell the mail server that was set up for alerts alone."""
    alerts = settings.alerts
    if alerts.smtp_host and alerts.email_from:
        return MailServer(
            host=alerts.smtp_host,
            port=alerts.smtp_port,
            security=Security(alerts.smtp_security.value),
            sender=alerts.email_from,
            recipients=(),
            username=alerts.smtp_username or "",
            password="" if alerts.smtp_password is None else alerts.smtp_password.get_secret_value(),
        )
    return None


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
