"""Settings of the mail server that takes what we write to people."""

from __future__ import annotations

from enum import StrEnum
from typing import Self

from pydantic import Field, SecretStr, model_validator

from frontdesk.kernel.settings.parts import Part


class MailSecurity(StrEnum):
    """How the connection to a mail server is secured."""

    STARTTLS = "starttls"
    TLS = "tls"
    NONE = "none"


class MailSettings(Part):
    """The mail server for letters to people: new passwords, invitations, changes of an account; and for alerts."""

    host: str | None = Field(
        None,
        validation_alias="SMTP_HOST",
        min_length=1,
        description="mail server that takes our letters; unset: the one of ALERT_SMTP_HOST, if there is one",
    )
    port: int = Field(587, validation_alias="SMTP_PORT", ge=1, le=65535, description="its port")
    security: MailSecurity = Field(
        MailSecurity.STARTTLS,
        validation_alias="SMTP_SECURITY",
        description="how the connection is secured: starttls, tls, or none for a server on this machine",
    )
    username: str | None = Field(
        None, validation_alias="SMTP_USERNAME", min_length=1, description="account at the mail server, if it asks"
    )
    password: SecretStr | None = Field(
        None, validation_alias="SMTP_PASSWORD", min_length=1, description="password of that account"
    )
    sender: str | None = Field(
        None,
        validation_alias="SMTP_FROM",
        pattern=r"^[^\s,]+@[^\s,]+$",
        description="whom our letters come from",
    )

    @model_validator(mode="after")
    def _is_complete(self) -> Self:
        if (self.host is None) != (self.sender is None):
            raise ValueError("SMTP_HOST and SMTP_FROM need each other")
        if (self.username is None) != (self.password is None):
            raise ValueError("SMTP_USERNAME and SMTP_PASSWORD need each other")
        if self.username is not None and self.host is None:
            raise ValueError("SMTP_USERNAME needs SMTP_HOST")
        return self
