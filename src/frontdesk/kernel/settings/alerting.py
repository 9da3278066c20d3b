"""Settings of alerts: who is told, and where."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from pydantic import Field, SecretStr, model_validator

from frontdesk.kernel.settings.mail import MailSecurity
from frontdesk.kernel.settings.parts import Part
from frontdesk.kernel.settings.values import SecretAddress, WebAddress

PHONE = r"\+[1-9][0-9]{6,14}"


class AlertSettings(Part):
    """Who is told when something is wrong."""

    webhook_url: SecretAddress | None = Field(
        None,
        validation_alias="ALERT_WEBHOOK_URL",
        description="address that alerts are posted to, in the form of Alertmanager's webhooks",
    )
    slack_webhook_url: SecretAddress | None = Field(
        None, validation_alias="SLACK_WEBHOOK_URL", description="incoming webhook of the Slack channel for alerts"
    )
    pagerduty_routing_key: SecretStr | None = Field(
        None,
        validation_alias="PAGERDUTY_ROUTING_KEY",
        min_length=32,
        max_length=32,
        description="integration key of the PagerDuty service that pages: 32 characters",
    )
    pagerduty_api_base_url: WebAddress = Field(
        "https://events.pagerduty.com",
        validation_alias="PAGERDUTY_API_BASE_URL",
        description="where PagerDuty takes events",
    )
    alertmanager_url: WebAddress | None = Field(
        None, validation_alias="ALERTMANAGER_URL", description="an Alertmanager that is to be handed our alerts"
    )
    dead_man_url: SecretAddress | None = Field(
        None,
        validation_alias="ALERT_DEAD_MAN_URL",
        description="watcher outside that hears from us every minute, and raises the alarm when it does not",
    )
    rules_file: Path | None = Field(
        None,
        validation_alias="ALERT_RULES_FILE",
        description="TOML file with your own thresholds, severities, routes and mute windows",
    )
    email_to: str | None = Field(
        None,
        validation_alias="ALERT_EMAIL_TO",
        description="who is mailed, comma separated",
        pattern=r"^[^\r\n]+@[^\r\n]+$",
    )
    email_from: str | None = Field(
        None,
        validation_alias="ALERT_EMAIL_FROM",
        description="whom those mails come from; unset: SMTP_FROM",
        pattern=r"^[^\s,]+@[^\s,]+$",
    )
    smtp_host: str | None = Field(
        None,
        validation_alias="ALERT_SMTP_HOST",
        min_length=1,
        description="mail server for those mails alone; unset: the one of SMTP_HOST",
    )
    smtp_port: int = Field(587, validation_alias="ALERT_SMTP_PORT", ge=1, le=65535, description="its port")
    smtp_security: MailSecurity = Field(
        MailSecurity.STARTTLS,
        validation_alias="ALERT_SMTP_SECURITY",
        description="how the connection is secured: starttls, tls, or none for a server on this machine",
    )
    smtp_username: str | None = Field(
        None, validation_alias="ALERT_SMTP_USERNAME", min_length=1, description="account at the mail server, if it asks"
    )
    smtp_password: SecretStr | None = Field(
        None, validation_alias="ALERT_SMTP_PASSWORD", min_length=1, description="password of that account"
    )

    sms_to: str | None = Field(
        None,
        validation_alias="ALERT_SMS_TO",
        pattern=rf"^{PHONE}(\s*,\s*{PHONE}){{0,9}}$",
        description="phones on call that are texted, ten at most: +12065550100, comma separated",
    )
    sms_from: str | None = Field(
        None,
        validation_alias="ALERT_SMS_FROM",
        pattern=rf"^{PHONE}$",
        description="number of ours that those texts come from",
    )
    sms_carrier: str | None = Field(
        None,
        validation_alias="ALERT_SMS_CARRIER",
        pattern=r"^(twilio|telnyx)$",
        description="carrier of that number, if it is no business's and both carriers are set up: twilio or telnyx",
    )
    sms_hourly_limit: int = Field(
        12,
        validation_alias="ALERT_SMS_HOURLY_LIMIT",
        ge=1,
        le=100,
        description="most texts to people on call within an hour; what is more is told by the other sinks only",
    )

    @property
    def sms_recipients(self) -> tuple[str, ...]:
        """The phones that are texted."""
        return tuple(one.strip() for one in (self.sms_to or "").split(",") if one.strip())

    @model_validator(mode="after")
    def _texts_are_complete(self) -> Self:
        if (self.sms_to is None) != (self.sms_from is None):
            raise ValueError("ALERT_SMS_TO and ALERT_SMS_FROM need each other")
        if self.sms_from in self.sms_recipients:
            raise ValueError("ALERT_SMS_FROM cannot text itself: it stands in ALERT_SMS_TO")
        return self

    @model_validator(mode="after")
    def _mail_is_complete(self) -> Self:
        if self.smtp_host is not None and self.email_from is None:
            raise ValueError("ALERT_SMTP_HOST needs ALERT_EMAIL_FROM")
        if (self.smtp_username is None) != (self.smtp_password is None):
            raise ValueError("ALERT_SMTP_USERNAME and ALERT_SMTP_PASSWORD need each other")
        return self
