"""Reading all settings at once: every fault is listed, no secret is shown, no secret has a usable default."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar, cast
from urllib.parse import unquote, urlsplit

from pydantic import SecretStr, ValidationError
from pydantic.fields import FieldInfo

from frontdesk.kernel.keys import SigningKeys, keys_of
from frontdesk.kernel.secrets import ensure_secret, read_secret_file
from frontdesk.kernel.settings.alerting import AlertSettings
from frontdesk.kernel.settings.calendars import CalDavSettings, GoogleSettings, JobberSettings
from frontdesk.kernel.settings.entry import EntrySettings
from frontdesk.kernel.settings.logs import LogFileSettings
from frontdesk.kernel.settings.mail import MailSettings
from frontdesk.kernel.settings.models import EmbeddingSettings, OpenAiSettings
from frontdesk.kernel.settings.monitoring import MonitorSettings
from frontdesk.kernel.settings.parts import (
    BackupSettings,
    CallsSettings,
    ClerkSettings,
    DatabaseSettings,
    DeliverySettings,
    HooksSettings,
    LimitSettings,
    OutboxSettings,
    Part,
    ProcessSettings,
    RetentionSettings,
    SchedulingSettings,
    SecuritySettings,
    StripeSettings,
    TelnyxSettings,
    TextbackSettings,
    TwilioSettings,
    WebSettings,
)

PartType = TypeVar("PartType", bound=Part)
SECOND = ("_SECONDARY", "_PREVIOUS")


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with one setting; never holds its value."""

    name: str
    wrong: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.name}: {self.wrong}. {self.remedy}"


class SettingsFaulty(Exception):
    """The settings cannot be used; `faults` names everything that is wrong with them."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        super().__init__("\n".join(str(fault) for fault in faults))
        self.faults = faults


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings of a process."""

    process: ProcessSettings
    web: WebSettings
    database: DatabaseSettings
    security: SecuritySettings
    limits: LimitSettings
    outbox: OutboxSettings
    calls: CallsSettings
    textback: TextbackSettings
    delivery: DeliverySettings
    hooks: HooksSettings
    alerts: AlertSettings
    mail: MailSettings
    monitors: MonitorSettings
    log_files: LogFileSettings
    entry: EntrySettings
    scheduling: SchedulingSettings
    retention: RetentionSettings
    backups: BackupSettings
    twilio: TwilioSettings
    telnyx: TelnyxSettings
    stripe: StripeSettings
    google: GoogleSettings
    clerk: ClerkSettings
    jobber: JobberSettings
    caldav: CalDavSettings
    openai: OpenAiSettings
    embedding: EmbeddingSettings
    key_is_ours: bool = False

    @property
    def home(self) -> Path:
        """Where this installation keeps its state, as an absolute path."""
        return self.process.home.expanduser().resolve()

    @property
    def base_url(self) -> str:
        """The address under which the world reaches us: the public one, else this machine's own."""
        if self.web.public_base_url is not None:
            return str(self.web.public_base_url)
        host = "127.0.0.1" if self.web.host in {"0.0.0.0", "::"} else self.web.host  # noqa: S104 - compared only
        return f"http://{host}:{self.web.port}"

    def signing_keys(self) -> SigningKeys:
        """Give the key that signs and seals, with the one before it."""
        return keys_of(self.security, folder=self.home / "secrets" if self.key_is_ours else None)

    def second_secrets(self) -> tuple[str, ...]:
        """List the settings that hold a second secret, accepted beside the first."""
        return tuple(
            setting_name(name, field)
            for part in self.parts()
            for name, field in type(part).model_fields.items()
            if setting_name(name, field).endswith(SECOND) and getattr(part, name) is not None
        )

    def parts(self) -> tuple[Part, ...]:
        """List the parts, in the order of the reference."""
        return (
            self.process, self.web, self.database, self.security, self.limits, self.outbox, self.calls, self.textback,
            self.delivery, self.hooks, self.alerts, self.mail, self.monitors, self.log_files, self.scheduling,
            self.retention, self.backups, self.twilio, self.telnyx, self.stripe, self.google, self.clerk, self.jobber,
            self.caldav, self.openai, self.embedding, self.entry,
        )  # fmt: skip

    def secret_values(self) -> tuple[str, ...]:
        """List every secret in use, for the log's redaction."""
        return tuple(secret for part in self.parts() for secret in _secrets_of(part))


PARTS: tuple[type[Part], ...] = (
    ProcessSettings, WebSettings, DatabaseSettings, SecuritySettings, LimitSettings, OutboxSettings, CallsSettings,
    TextbackSettings, DeliverySettings, HooksSettings, AlertSettings, MailSettings, MonitorSettings,
    LogFileSettings, SchedulingSettings,
    RetentionSettings, BackupSettings, TwilioSettings, TelnyxSettings, StripeSettings, GoogleSettings, ClerkSettings,
    JobberSettings, CalDavSettings, OpenAiSettings, EmbeddingSettings, EntrySettings,
)  # fmt: skip


def load_settings(environ: Mapping[str, str], home: Path | None = None) -> Settings:
    """Read every setting from `environ`; `home` overrides FRONTDESK_HOME.

    A secret X may stand in a file named by X_FILE instead. An empty value means unset. SECRET_KEY is generated into
    the home folder when it is not set. Refuses with `SettingsFaulty`, which lists all faults at once.
    """
    faults: list[Fault] = []
    values = dict(environ) if home is None else {**environ, "FRONTDESK_HOME": str(home)}
    process = _load(ProcessSettings, values, faults)
    key_is_ours = not _is_set(values, "SECRET_KEY") and not _is_set(values, "SECRET_KEY_FILE")
    if key_is_ours:
        values["SECRET_KEY"] = _generated_key(Path(values.get("FRONTDESK_HOME", "").strip() or "var"), faults)
    settings = Settings(
        process=process,
        web=_load(WebSettings, values, faults),
        database=_load(DatabaseSettings, values, faults),
        security=_load(SecuritySettings, values, faults),
        limits=_load(LimitSettings, values, faults),
        outbox=_load(OutboxSettings, values, faults),
        calls=_load(CallsSettings, values, faults),
        textback=_load(TextbackSettings, values, faults),
        delivery=_load(DeliverySettings, values, faults),
        hooks=_load(HooksSettings, values, faults),
        alerts=_load(AlertSettings, values, faults),
        mail=_load(MailSettings, values, faults),
        monitors=_load(MonitorSettings, values, faults),
        log_files=_load(LogFileSettings, values, faults),
        entry=_load(EntrySettings, values, faults),
        scheduling=_load(SchedulingSettings, values, faults),
        retention=_load(RetentionSettings, values, faults),
        backups=_load(BackupSettings, values, faults),
        twilio=_load(TwilioSettings, values, faults),
        telnyx=_load(TelnyxSettings, values, faults),
        stripe=_load(StripeSettings, values, faults),
        google=_load(GoogleSettings, values, faults),
        clerk=_load(ClerkSettings, values, faults),
        jobber=_load(JobberSettings, values, faults),
        caldav=_load(CalDavSettings, values, faults),
        openai=_load(OpenAiSettings, values, faults),
        embedding=_load(EmbeddingSettings, values, faults),
        key_is_ours=key_is_ours,
    )
    if not faults:
        faults += _without_server(settings)
    if faults:
        raise SettingsFaulty(tuple(faults))
    return settings


def _without_server(settings: Settings) -> Iterator[Fault]:
    """Name what is to be mailed although no mail server is set up."""
    alerts = settings.alerts
    if settings.mail.host is None and alerts.smtp_host is None:
        for name, value in (("ALERT_EMAIL_TO", alerts.email_to), ("ALERT_EMAIL_FROM", alerts.email_from)):
            if value is not None:
                yield Fault(name, "needs a mail server", "Set SMTP_HOST and SMTP_FROM.")


def _generated_key(home: Path, faults: list[Fault]) -> str:
    """Return this installation's own key; a folder that cannot keep one is a fault."""
    try:
        return ensure_secret(home, "secret_key")
    except (OSError, ValueError) as error:
        wrong = f"could not be generated in {home / 'secrets'} ({_reason(error)})"
        faults.append(Fault("SECRET_KEY", wrong, "Make that folder writable, or set SECRET_KEY or SECRET_KEY_FILE."))
        return "not used, because the fault above ends the start"


def setting_name(field_name: str, field: FieldInfo) -> str:
    """Tell the name of a part's field in the environment."""
    return field.validation_alias if isinstance(field.validation_alias, str) else field_name


def setting_names() -> frozenset[str]:
    """List every name in the environment that is ours, with those of files that hold secrets."""
    named = {setting_name(name, field): field for part in PARTS for name, field in part.model_fields.items()}
    return frozenset(named) | {f"{name}_FILE" for name, field in named.items() if is_secret(field)}


@contextmanager
def without_settings(environ: MutableMapping[str, str]) -> Iterator[None]:
    """Keep every setting of ours out of `environ` for a while, so that whoever begins meanwhile inherits none."""
    kept = {name: environ.pop(name) for name in setting_names() if name in environ}
    try:
        yield
    finally:
        environ.update(kept)


def is_secret(field: FieldInfo) -> bool:
    """Tell whether a field holds secrets, and may therefore be read from a file."""
    return "SecretStr" in str(field.annotation)


def _is_set(values: Mapping[str, str], name: str) -> bool:
    return bool(values.get(name, "").strip())


def _reason(error: OSError | ValueError) -> str:
    return (error.strerror or type(error).__name__) if isinstance(error, OSError) else str(error)


def _load(part: type[PartType], values: Mapping[str, str], faults: list[Fault]) -> PartType:
    """Build one part; what is wrong goes to `faults`, and then the returned part must not be used."""
    given, missing_files = _given(part, values, faults)
    try:
        return part.model_validate(given)
    except ValidationError as error:
        named_already = set(missing_files)
        faults.extend(fault for fault in _explain(part, error) if named_already.isdisjoint(fault.name.split(" and ")))
        # The mypy plugin forgets which part it is.
        return cast("PartType", part.model_construct())


def _given(part: type[Part], values: Mapping[str, str], faults: list[Fault]) -> tuple[dict[str, str], list[str]]:
    """Collect the texts that were set for `part`, and the names whose files could not give one."""
    given: dict[str, str] = {}
    missing: list[str] = []
    for field_name, field in part.model_fields.items():
        name = setting_name(field_name, field)
        file_name = f"{name}_FILE"
        if _is_set(values, name):
            given[name] = values[name]
        if not is_secret(field) or not _is_set(values, file_name):
            continue
        if name in given:
            faults.append(Fault(name, f"is set, and so is {file_name}", "Keep one of the two."))
            continue
        try:
            given[name] = read_secret_file(Path(values[file_name]))
        except (OSError, ValueError) as error:
            wrong = f"{values[file_name]!r} cannot be read ({_reason(error)})"
            faults.append(Fault(file_name, wrong, f"Name a readable file that holds {name} alone."))
            missing.append(name)
    return given, missing


def _explain(part: type[Part], error: ValidationError) -> Iterator[Fault]:
    """Turn pydantic's findings into faults, one per setting."""
    by_name = {setting_name(name, field): field for name, field in part.model_fields.items()}
    seen: set[str] = set()
    for finding in error.errors(include_url=False, include_input=False, include_context=False):
        name = str(finding["loc"][0]) if finding["loc"] else " and ".join(_names_in(finding["msg"], by_name))
        if name in seen:
            continue
        seen.add(name)
        wrong = finding["msg"].removeprefix("Value error, ").removeprefix("Input should be ").rstrip(". ")
        wrong = wrong if wrong.startswith(("must", "repeats", "entry")) or not finding["loc"] else f"must be {wrong}"
        if finding["type"] == "missing":
            wrong = "is not set"
        if finding["type"] == "string_pattern_mismatch":
            wrong = "does not have the right form"
        field = by_name.get(name)
        remedy = "Correct them." if field is None else f"It is the {field.description}{_default_note(field)}."
        yield Fault(name, wrong, remedy)


def _names_in(message: str, by_name: Mapping[str, FieldInfo]) -> list[str]:
    return sorted(name for name in by_name if name in message)


def _default_note(field: FieldInfo) -> str:
    return "" if is_secret(field) or field.is_required() or field.default is None else f" (default {field.default})"


def _secrets_of(part: Part) -> Iterator[str]:
    for value in part.model_dump().values():
        if isinstance(value, SecretStr):
            text = value.get_secret_value()
            yield text
            # A driver's error may show the password without the rest of the address.
            if text.startswith("postgres") and (password := urlsplit(text).password):
                yield password
                yield unquote(password)
        elif isinstance(value, dict):
            yield from (secret.get_secret_value() for secret in value.values() if isinstance(secret, SecretStr))
