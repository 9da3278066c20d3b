"""Mails: notices, one per state of a group with the same Message-ID at every try, and letters to one person."""

from __future__ import annotations

import asyncio
import hashlib
import smtplib
import ssl
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.utils import make_msgid
from enum import StrEnum

from frontdesk.ports import FailureClass, ProviderError
from frontdesk.ports.alerts import Notice
from frontdesk.ports.mail import Letter

TIMEOUT_SECONDS = 15.0
FIRST_PERMANENT = 500


class Security(StrEnum):
    """How the connection to the mail server is secured."""

    STARTTLS = "starttls"
    TLS = "tls"
    NONE = "none"  # for a server on this machine only


@dataclass(frozen=True, slots=True, kw_only=True)
class MailServer:
    """Where mails are handed in, as whom, from whom and to whom."""

    host: str
    port: int
    security: Security
    sender: str
    recipients: tuple[str, ...]
    username: str = ""
    password: str = field(default="", repr=False)


class MailAlerts:
    """A sink that mails; the conversation with the server runs in a thread of its own, for 15 s at most."""

    name = "email"

    def __init__(self, server: MailServer, *, ssl_context: ssl.SSLContext | None = None) -> None:
        self._server = server
        self._ssl_context = ssl_context

    async def tell(self, notice: Notice) -> None:
        """Hand the mail in; a server that takes it for some recipients only has taken it."""
        await hand_in(write_mail(notice, self._server), self._server, ssl_context=self._ssl_context)


class MailLetters:
    """A postman: letters to one person each, through the same server."""

    def __init__(self, server: MailServer, *, ssl_context: ssl.SSLContext | None = None) -> None:
        self._server = server
        self._ssl_context = ssl_context

    async def carry(self, letter: Letter) -> None:
        """Hand a letter in."""
        await hand_in(write_letter(letter, self._server), self._server, ssl_context=self._ssl_context)


async def hand_in(mail: EmailMessage, server: MailServer, *, ssl_context: ssl.SSLContext | None) -> None:
    """Hand a mail in from a thread; raises ProviderError if the server did not take it."""
    try:
        await asyncio.to_thread(_converse, mail, server, ssl_context)
    except smtplib.SMTPResponseException as error:
        permanent = error.smtp_code >= FIRST_PERMANENT
        raise _failure(f"answered {error.smtp_code}", permanent=permanent) from error
    except (smtplib.SMTPException, OSError, ssl.SSLError) as error:
        raise _failure(type(error).__name__, permanent=False) from error


def _converse(mail: EmailMessage, server: MailServer, ssl_context: ssl.SSLContext | None) -> None:
    context = ssl_context or ssl.create_default_context()
    name = server.sender.rpartition("@")[2]  # what we say we are called; else the name is looked up
    if server.security is Security.TLS:
        client: smtplib.SMTP = smtplib.SMTP_SSL(
            server.host, server.port, local_hostname=name, timeout=TIMEOUT_SECONDS, context=context
        )
    else:
        client = smtplib.SMTP(server.host, server.port, local_hostname=name, timeout=TIMEOUT_SECONDS)
    with client:
        if server.security is Security.STARTTLS:
            client.starttls(context=context)
        if server.username:
            client.login(server.username, server.password)
        client.send_message(mail)


def write_letter(letter: Letter, server: MailServer) -> EmailMessage:
    """Write a letter; no answer to it by a program is wanted."""
    mail = EmailMessage()
    mail["From"] = server.sender
    mail["To"] = letter.to
    mail["Subject"] = letter.subject
    mail["Message-ID"] = make_msgid(domain=server.sender.rpartition("@")[2])
    mail["Date"] = letter.at
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(letter.words)
    return mail


def write_mail(notice: Notice, server: MailServer) -> EmailMessage:
    """Write the mail; all mails of a group stand in one thread."""
    domain = server.sender.rpartition("@")[2]
    mail = EmailMessage()
    mail["From"] = server.sender
    mail["To"] = ", ".join(server.recipients)
    mail["Subject"] = " ".join(f"[{notice.severity}] {notice.title}".split())
    mail["Message-ID"] = f"<{_mark(f'{notice.group_key}:{notice.sequence}')}@{domain}>"
    mail["References"] = f"<{_mark(notice.group_key)}@{domain}>"
    mail["Date"] = notice.at
    mail["Auto-Submitted"] = "auto-generated"
    lines = [f"- {one.summary} ({one.status.value} since {one.starts_at:%Y-%m-%d %H:%M} UTC)" for one in notice.alerts]
    lines += ["", f"Runbook: {notice.runbook_url}", f"Owner: {notice.owner}"]
    mail.set_content("\n".join(lines) + "\n")
    return mail


def _mark(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def _failure(words: str, *, permanent: bool) -> ProviderError:
    return ProviderError(
        f"the mail server {words}",
        provider="email",
        failure=FailureClass.REJECTED if permanent else FailureClass.UNAVAILABLE,
        permanent=permanent,
    )
