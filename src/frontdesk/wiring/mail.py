"""The mail server that is set up, and the postman who hands letters in there."""

from __future__ import annotations

from frontdesk.kernel.settings import Settings
from frontdesk.ports.mail import Postman
from frontdesk.providers.smtp import MailLetters, MailServer, Security


def mail_server(settings: Settings) -> MailServer | None:
    """Tell where mails are handed in, and who is mailed of alerts; None if no server is set up."""
    alerts = settings.alerts
    if not (alerts.email_to and alerts.email_from and alerts.smtp_host):
        return None
    password = alerts.smtp_password
    return MailServer(
        host=alerts.smtp_host,
        port=alerts.smtp_port,
        security=Security(alerts.smtp_security.value),
        sender=alerts.email_from,
        recipients=tuple(one.strip() for one in alerts.email_to.split(",") if one.strip()),
        username=alerts.smtp_username or "",
        password="" if password is None else password.get_secret_value(),
    )


def find_postman(settings: Settings) -> Postman | None:
    """Find who carries letters to people; nobody if no mail server is set up."""
    server = mail_server(settings)
    return None if server is None else MailLetters(server)
