"""Mails alerts and letters to people through a mail server."""

from frontdesk.providers.smtp.client import MailAlerts, MailLetters, MailServer, Security, write_letter, write_mail

__all__ = ["MailAlerts", "MailLetters", "MailServer", "Security", "write_letter", "write_mail"]
