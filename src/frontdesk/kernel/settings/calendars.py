"""Settings of calendars kept elsewhere: Google, Jobber, and servers of the tenants' own."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import BeforeValidator, Field, SecretStr, model_validator

from frontdesk.kernel.settings.parts import Part
from frontdesk.kernel.settings.values import WebAddress


def _split_hosts(value: object) -> object:
    if isinstance(value, str):
        return tuple(host.strip().lower() for host in value.split(",") if host.strip())
    return value


Hosts = Annotated[tuple[str, ...], BeforeValidator(_split_hosts)]


class GoogleSettings(Part):
    """Calendars at Google."""

    client_id: str | None = Field(
        None, validation_alias="GOOGLE_CLIENT_ID", min_length=1, description="OAuth client identifier"
    )
    client_secret: SecretStr | None = Field(
        None, validation_alias="GOOGLE_CLIENT_SECRET", min_length=1, description="OAuth client secret"
    )
    api_base_url: WebAddress = Field(
        "https://www.googleapis.com",
        validation_alias="GOOGLE_API_BASE_URL",
        description="where the API answers; another address than Google's answers for consent and tokens, too",
    )

    @model_validator(mode="after")
    def _client_is_complete(self) -> Self:
        if (self.client_id is None) != (self.client_secret is None):
            raise ValueError("GOOGLE_CLIENT_ID and GOOGLE_CLIENT_SECRET need each other")
        return self


class JobberSettings(Part):
    """Jobs and visits at Jobber."""

    api_token: SecretStr | None = Field(
        None, validation_alias="JOBBER_API_TOKEN", min_length=1, description="token of the account's API"
    )
    client_id: str | None = Field(
        None, validation_alias="JOBBER_CLIENT_ID", min_length=1, description="OAuth client identifier"
    )
    client_secret: SecretStr | None = Field(
        None,
        validation_alias="JOBBER_CLIENT_SECRET",
        min_length=1,
        description="OAuth client secret; it also signs the webhooks we receive",
    )
    api_base_url: WebAddress = Field(
        "https://api.getjobber.com", validation_alias="JOBBER_API_BASE_URL", description="where the API answers"
    )

    @model_validator(mode="after")
    def _client_is_complete(self) -> Self:
        if self.client_id is not None and self.client_secret is None:
            raise ValueError("JOBBER_CLIENT_ID needs JOBBER_CLIENT_SECRET")
        return self


class CalDavSettings(Part):
    """Calendars on servers that tenants name."""

    trusted_hosts: Hosts = Field(
        (),
        validation_alias="CALDAV_TRUSTED_HOSTS",
        description="hosts, comma separated, that may stand in an inner network and speak plain http",
    )
    poll_interval_seconds: int = Field(
        60, validation_alias="POLL_INTERVAL_CALDAV_SECONDS", ge=5, description="seconds between two looks at a server"
    )
