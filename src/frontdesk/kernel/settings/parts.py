"""Every setting: its name in the environment, its default and what it does."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from frontdesk.kernel.settings.values import (
    DatabaseAddress,
    KeyRing,
    Level,
    LogLevel,
    Networks,
    PublicKey,
    SecretKey,
    WebAddress,
)


class Part(BaseSettings):
    """A group of settings; it takes values only from `load_settings`, never from the process by itself."""

    model_config = SettingsConfigDict(
        frozen=True, extra="forbid", hide_input_in_errors=True, populate_by_name=True, env_file=None
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - the signature is pydantic-settings' own
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the same
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the same
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the same
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Leave the environment alone: it is handed in, so that tests and tools can say what it holds."""
        return (init_settings,)


class ProcessSettings(Part):
    """This installation and how it talks about itself."""

    home: Path = Field(
        Path("var"), validation_alias="FRONTDESK_HOME", description="folder that keeps all state of this installation"
    )
    log_level: Level = Field(
        LogLevel.INFO, validation_alias="LOG_LEVEL", description="least important log line: DEBUG, INFO, WARNING, ERROR"
    )


class WebSettings(Part):
    """Where the web process listens and who stands in front of it."""

    host: str = Field("127.0.0.1", validation_alias="HOST", min_length=1, description="address to listen on")
    port: int = Field(
        8080, validation_alias="PORT", ge=0, le=65535, description="port to listen on; 0 takes a free one"
    )
    public_base_url: WebAddress | None = Field(
        None,
        validation_alias="PUBLIC_BASE_URL",
        description="address under which the world reaches us; webhook signatures are checked against it",
    )
    trusted_proxies: Networks = Field(
        (),
        validation_alias="TRUSTED_PROXIES",
        description="networks, comma separated, whose X-Forwarded headers are believed",
    )
    max_body_bytes: int = Field(
        1_048_576, validation_alias="MAX_BODY_BYTES", ge=1024, description="largest request body, in bytes; more is 413"
    )
    max_body_seconds: int = Field(
        15, validation_alias="MAX_BODY_SECONDS", ge=1, le=300, description="time for a request's body; later is 408"
    )


class DatabaseSettings(Part):
    """Which PostgreSQL is used and with how many connections."""

    url: DatabaseAddress | None = Field(
        None, validation_alias="DATABASE_URL", description="PostgreSQL >= 15 to use; unset starts the embedded one"
    )
    pool_min_size: int = Field(
        1, validation_alias="DATABASE_POOL_MIN_SIZE", ge=0, description="connections kept open per pool"
    )
    pool_max_size: int = Field(
        10, validation_alias="DATABASE_POOL_MAX_SIZE", ge=2, le=500, description="most connections per pool"
    )

    @model_validator(mode="after")
    def _pool_is_a_range(self) -> Self:
        if self.pool_min_size > self.pool_max_size:
            raise ValueError("DATABASE_POOL_MIN_SIZE is larger than DATABASE_POOL_MAX_SIZE")
        return self


class SecuritySettings(Part):
    """What signs and how long a login lasts."""

    secret_key: SecretKey = Field(
        validation_alias="SECRET_KEY",
        description="signs links and encrypts secrets; generated into the home folder on the first start",
    )
    secret_key_previous: SecretKey | None = Field(
        None,
        validation_alias="SECRET_KEY_PREVIOUS",
        description="the key before it, or the one to come: both are accepted while one is being exchanged",
    )
    session_idle_minutes: int = Field(
        720, validation_alias="SESSION_IDLE_MINUTES", ge=1, description="minutes without a request that end a login"
    )
    session_absolute_hours: int = Field(
        168, validation_alias="SESSION_ABSOLUTE_HOURS", ge=1, description="hours after which any login ends"
    )

    @model_validator(mode="after")
    def _idle_is_the_shorter(self) -> Self:
        if self.session_idle_minutes > self.session_absolute_hours * 60:
            raise ValueError("SESSION_IDLE_MINUTES is longer than SESSION_ABSOLUTE_HOURS")
        return self


class LimitSettings(Part):
    """How often the API may be asked; most requests cost one unit, an export a hundred."""

    caller_units_per_minute: int = Field(
        1200,
        validation_alias="API_CALLER_UNITS_PER_MINUTE",
        ge=0,
        description="units that one token or person may use per minute in the long run; 0 is no limit",
    )
    caller_burst: int = Field(
        600, validation_alias="API_CALLER_BURST", ge=100, description="units that one token or person may use at once"
    )
    business_units_per_minute: int = Field(
        3600,
        validation_alias="API_BUSINESS_UNITS_PER_MINUTE",
        ge=0,
        description="units that all tokens and people of one business may use per minute; 0 is no limit",
    )
    business_burst: int = Field(
        1800,
        validation_alias="API_BUSINESS_BURST",
        ge=100,
        description="units that all tokens and people of one business may use at once",
    )


class OutboxSettings(Part):
    """How fast announced events are handed on."""

    batch_size: int = Field(
        100, validation_alias="OUTBOX_BATCH_SIZE", ge=1, le=10_000, description="events claimed at once"
    )
    concurrency: int = Field(
        2, validation_alias="OUTBOX_CONCURRENCY", ge=1, le=256, description="batches in the hands of one worker"
    )


class CallsSettings(Part):
    """When a call counts as missed."""

    treat_short_completed_as_missed: bool = Field(
        default=False,
        validation_alias="TREAT_SHORT_COMPLETED_AS_MISSED",
        description="whether an answered call that ended at once counts as missed",
    )
    short_completed_max_seconds: int = Field(
        10, validation_alias="SHORT_COMPLETED_MAX_SECONDS", ge=0, le=600, description="seconds that count as at once"
    )


class TextbackSettings(Part):
    """The limits of the text after a missed call."""

    cooldown_minutes: int = Field(
        10, validation_alias="TEXTBACK_COOLDOWN_MINUTES", ge=1, description="minutes in which one caller gets one text"
    )
    time_limit_minutes: int = Field(
        15,
        validation_alias="TEXTBACK_TIME_LIMIT_MINUTES",
        ge=1,
        le=600,
        description="minutes after which a text is dropped with a reason instead of sent late",
    )


class DeliverySettings(Part):
    """What holds all sending back."""

    pause_outbound_sms: bool = Field(
        default=False,
        validation_alias="PAUSE_OUTBOUND_SMS",
        description="whether no text leaves at all; queued work stays queued",
    )


class HooksSettings(Part):
    """Where outgoing webhooks may go."""

    allow_loopback: bool = Field(
        default=False,
        validation_alias="OUTGOING_WEBHOOKS_ALLOW_LOOPBACK",
        description="whether outgoing webhooks may go to this machine, over http too: for trying things out only",
    )


class SchedulingSettings(Part):
    """Holds on slots and how often calendars are asked."""

    hold_ttl_minutes: int = Field(
        15, validation_alias="HOLD_TTL_MINUTES", ge=1, description="minutes a held slot stays reserved"
    )
    search_granularity_minutes: int = Field(
        15, validation_alias="SEARCH_GRANULARITY_MINUTES", ge=1, le=240, description="minutes between offered starts"
    )
    poll_interval_google_seconds: int = Field(
        60, validation_alias="POLL_INTERVAL_GOOGLE_SECONDS", ge=5, description="seconds between two looks at Google"
    )
    poll_interval_jobber_seconds: int = Field(
        120, validation_alias="POLL_INTERVAL_JOBBER_SECONDS", ge=5, description="seconds between two looks at Jobber"
    )


class RetentionSettings(Part):
    """How long finished rows are kept, in days."""

    conv_messages_days: int = Field(
        180, validation_alias="RETENTION_CONV_MESSAGES_DAYS", ge=1, description="days messages are kept"
    )
    webhook_events_days: int = Field(
        90, validation_alias="RETENTION_WEBHOOK_EVENTS_DAYS", ge=1, description="days raw webhooks are kept"
    )
    outbox_events_days: int = Field(
        30, validation_alias="RETENTION_OUTBOX_EVENTS_DAYS", ge=1, description="days after dispatch events are kept"
    )
    import_rows_days: int = Field(
        30,
        validation_alias="RETENTION_IMPORT_ROWS_DAYS",
        ge=1,
        description="days after an import its rows that were not taken are kept, and what undoing it needs",
    )


class BackupSettings(Part):
    """Where backups go, how they are sealed and how long they are kept."""

    folder: Path | None = Field(
        None,
        validation_alias="BACKUP_FOLDER",
        description="folder for backups and the second copy of the log, best on another disk; unset: backups at home",
    )
    key: SecretStr | None = Field(
        None,
        validation_alias="BACKUP_KEY",
        min_length=16,
        description="seals the backups; unset: generated into the home folder's secrets: keep a copy elsewhere",
    )
    retention_days: int = Field(
        14, validation_alias="BACKUP_RETENTION_DAYS", ge=1, description="days back that any moment can be restored"
    )
    stream_wal: bool = Field(
        default=True,
        validation_alias="BACKUP_STREAM_WAL",
        description="whether `up` keeps a second copy of the embedded server's log, which every commit waits for",
    )


class TwilioSettings(Part):
    """The account that carries calls and texts."""

    account_sid: str | None = Field(
        None,
        validation_alias="TWILIO_ACCOUNT_SID",
        pattern=r"^AC[0-9a-fA-F]{32}$",
        description="account identifier: AC and 32 hexadecimal digits",
    )
    auth_token: SecretStr | None = Field(
        None, validation_alias="TWILIO_AUTH_TOKEN", min_length=1, description="primary token of the account"
    )
    auth_token_secondary: SecretStr | None = Field(
        None,
        validation_alias="TWILIO_AUTH_TOKEN_SECONDARY",
        min_length=1,
        description="second token; webhooks signed with either are accepted while one is being replaced",
    )
    shared_keys: KeyRing = Field(
        {},
        validation_alias="TWILIO_SHARED_KEYS",
        description="key-id:secret pairs, comma separated, for webhooks signed with HMAC-SHA256",
    )
    messaging_service_sid: str | None = Field(
        None,
        validation_alias="TWILIO_MESSAGING_SERVICE_SID",
        pattern=r"^MG[0-9a-fA-F]{32}$",
        description="Messaging Service that sends instead of a single number: MG and 32 hexadecimal digits",
    )
    api_base_url: WebAddress = Field(
        "https://api.twilio.com", validation_alias="TWILIO_API_BASE_URL", description="where the account's API answers"
    )

    @model_validator(mode="after")
    def _account_is_complete(self) -> Self:
        if (self.account_sid is None) != (self.auth_token is None):
            raise ValueError("TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN need each other")
        return self


class TelnyxSettings(Part):
    """The account that carries texts beside or instead of Twilio's."""

    api_key: SecretStr | None = Field(
        None, validation_alias="TELNYX_API_KEY", min_length=1, description="key of the account's API"
    )
    public_key: PublicKey | None = Field(
        None,
        validation_alias="TELNYX_PUBLIC_KEY",
        description="public key of the account, base64 of 32 bytes; the webhooks we receive are checked with it",
    )
    public_key_secondary: PublicKey | None = Field(
        None,
        validation_alias="TELNYX_PUBLIC_KEY_SECONDARY",
        description="second public key; webhooks signed for either are accepted while one is being replaced",
    )
    messaging_profile_id: str | None = Field(
        None,
        validation_alias="TELNYX_MESSAGING_PROFILE_ID",
        pattern=r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$",
        description="messaging profile that texts name beside their number: a UUID",
    )
    api_base_url: WebAddress = Field(
        "https://api.telnyx.com", validation_alias="TELNYX_API_BASE_URL", description="where the account's API answers"
    )

    @model_validator(mode="after")
    def _account_is_complete(self) -> Self:
        # Without the public key no STOP could be believed.
        if (self.api_key is None) != (self.public_key is None):
            raise ValueError("TELNYX_API_KEY and TELNYX_PUBLIC_KEY need each other")
        return self


class StripeSettings(Part):
    """Payments."""

    secret_key: SecretStr | None = Field(
        None, validation_alias="STRIPE_SECRET_KEY", min_length=1, description="key of the account's API"
    )
    webhook_secret: SecretStr | None = Field(
        None, validation_alias="STRIPE_WEBHOOK_SECRET", min_length=1, description="signs the webhooks we receive"
    )
    webhook_secret_secondary: SecretStr | None = Field(
        None,
        validation_alias="STRIPE_WEBHOOK_SECRET_SECONDARY",
        min_length=1,
        description="second secret; webhooks signed with either are accepted while one is being replaced",
    )
    api_base_url: WebAddress = Field(
        "https://api.stripe.com", validation_alias="STRIPE_API_BASE_URL", description="where the account's API answers"
    )

    @model_validator(mode="after")
    def _account_is_complete(self) -> Self:
        # Without the secret no payment would ever be known as paid.
        if (self.secret_key is None) != (self.webhook_secret is None):
            raise ValueError("STRIPE_SECRET_KEY and STRIPE_WEBHOOK_SECRET need each other")
        return self


class ClerkSettings(Part):
    """Logins by an outside identity service."""

    jwt_issuer: WebAddress | None = Field(
        None, validation_alias="CLERK_JWT_ISSUER", description="who must have issued a token"
    )
    jwt_audience: str | None = Field(
        None, validation_alias="CLERK_JWT_AUDIENCE", min_length=1, description="for whom a token must be meant"
    )
    jwks_url: WebAddress | None = Field(
        None, validation_alias="CLERK_JWKS_URL", description="where the keys that sign tokens are published"
    )

    @model_validator(mode="after")
    def _service_is_complete(self) -> Self:
        # Without each of them a stranger's token might pass.
        if len({one is None for one in (self.jwt_issuer, self.jwt_audience, self.jwks_url)}) > 1:
            raise ValueError("CLERK_JWT_ISSUER, CLERK_JWT_AUDIENCE and CLERK_JWKS_URL need each other")
        return self
