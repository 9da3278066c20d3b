"""Mails alerts to people through a mail server."""

from frontdesk.providers.smtp.client import MailAlerts, MailServer, Security, write_mail

__all__ = ["MailAlerts", "MailServer", "Security", "write_mail"]
