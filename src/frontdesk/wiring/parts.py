"""The parts of a process, put together."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import structlog

from frontdesk.features import calls, conversations, delivery, senders, textback
from frontdesk.features.calls import events as calls_events
from frontdesk.features.consent import events as consent_events
from frontdesk.features.conversations import events as conversations_events
from frontdesk.features.delivery import events as delivery_events
from frontdesk.features.textback import events as textback_events
from frontdesk.kernel.clock import DatabaseClock
from frontdesk.kernel.db import Database, Role, Transaction
from frontdesk.kernel.journal import Journal
from frontdesk.kernel.liveness import Presence
from frontdesk.kernel.outbox import Catalogue, Dispatcher, Handlers, flush_with
from frontdesk.kernel.outbox.dispatcher import EventUnreadable
from frontdesk.kernel.outbox.store import release_claims_of
from frontdesk.kernel.settings import Settings
from frontdesk.kernel.telemetry import Metrics
from frontdesk.ports import MessagingProvider
from frontdesk.providers.http import HttpClient
from frontdesk.providers.twilio import SharedKey, TwilioAccount, TwilioMessaging

log = structlog.get_logger("wiring")

SEND_TOPIC = "send"
FEED_TOPIC = "feed"


def catalogue() -> Catalogue:
    """List every event that the program knows."""
    return Catalogue(
        (
            EventUnreadable,
            *calls_events.EVENTS,
            *consent_events.EVENTS,
            *conversations_events.EVENTS,
            *delivery_events.EVENTS,
            *textback_events.EVENTS,
        )
    )


def home_of(settings: Settings) -> Path:
    """Tell where this installation keeps its state, as an absolute path."""
    return settings.process.home.expanduser().resolve()


def base_url(settings: Settings) -> str:
    """Tell the address under which the world reaches us: the public one, else this machine's own."""
    if settings.web.public_base_url is not None:
        return str(settings.web.public_base_url)
    host = "127.0.0.1" if settings.web.host in {"0.0.0.0", "::"} else settings.web.host  # noqa: S104 - compared only
    return f"http://{host}:{settings.web.port}"


def twilio_account(settings: Settings) -> TwilioAccount | None:
    """Read the Twilio account from the settings; None while no credentials are set."""
    twilio = settings.twilio
    if twilio.account_sid is None or twilio.auth_token is None:
        return None
    secondary = twilio.auth_token_secondary
    return TwilioAccount(
        account_sid=twilio.account_sid,
        auth_token=twilio.auth_token.get_secret_value(),
        secondary_auth_token=secondary.get_secret_value() if secondary else "",
        api_base_url=str(twilio.api_base_url),
        messaging_service_sid=twilio.messaging_service_sid or "",
        shared_keys=tuple(
            SharedKey(key_id=key_id, secret=secret.get_secret_value()) for key_id, secret in twilio.shared_keys.items()
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Frontdesk:
    """The parts that a web or worker process works with.

    `app` sees one tenant at a time, `system` all; `switches` is a connection kept back for the kill switch, so that
    it can be pulled when every other connection is in use.
    """

    settings: Settings
    clock: DatabaseClock
    app: Database
    system: Database
    switches: Database
    presence: Presence
    journal: Journal
    courier: delivery.Courier
    directory: senders.NumberDirectory
    catalogue: Catalogue
    handlers: Handlers
    providers: Mapping[str, MessagingProvider]
    twilio: TwilioAccount | None
    metrics: Metrics
    public_base_url: str

    @property
    def process_id(self) -> UUID:
        """This process's id, under which it leases work."""
        return self.presence.process_id

    def dispatcher(self) -> Dispatcher:
        """Make the outbox dispatcher of a worker."""
        return Dispatcher(
            system=self.system,
            app=self.app,
            catalogue=self.catalogue,
            handlers=self.handlers,
            process_id=self.process_id,
            batch_size=self.settings.outbox.batch_size,
            concurrency=self.settings.outbox.concurrency,
        )

    async def undertake(self, tx: Transaction, process_id: UUID) -> None:
        """Free all that a dead process held."""
        await release_claims_of(tx, owner=process_id)
        await delivery.free_what_it_held(tx, process_id)


async def assemble(
    stack: AsyncExitStack,
    *,
    settings: Settings,
    database_url: str,
    kind: str,
    public_base_url: str,
    home: Path,
    clock: DatabaseClock | None = None,
) -> Frontdesk:
    """Put a process of `kind` ('web', 'worker', …) together; `stack` takes it apart again, in order."""
    clock = clock or DatabaseClock()
    account = twilio_account(settings)
    http = HttpClient()
    stack.push_async_callback(http.close)
    providers: dict[str, MessagingProvider] = {}
    if account is not None:
        providers["twilio"] = TwilioMessaging(account, http, clock=clock)
    journal = Journal(home / "journal")
    stack.push_async_callback(journal.close)

    late: list[Handlers] = []

    async def flush(tx: Transaction) -> None:
        await flush_with(late[0])(tx)

    size = settings.database.pool_max_size
    system = await Database.open(
        database_url, role=Role.SYSTEM, clock=clock, flush=flush, max_size=size, application_name=f"frontdesk-{kind}"
    )
    stack.push_async_callback(system.close)
    app = await Database.open(
        database_url, role=Role.APP, clock=clock, flush=flush, max_size=size, application_name=f"frontdesk-{kind}"
    )
    stack.push_async_callback(app.close)
    switches = await Database.open(
        database_url,
        role=Role.SYSTEM,
        clock=clock,
        flush=flush,
        max_size=1,
        application_name=f"frontdesk-{kind}-switch",
    )
    stack.push_async_callback(switches.close)
    presence = Presence(database_url, kind=kind, system=system)
    await presence.start()
    stack.push_async_callback(presence.stop)
    courier = delivery.Courier(
        system=system,
        providers=providers,
        clock=clock,
        process_id=presence.process_id,
        callback_url=lambda provider, _job_id: f"{public_base_url}/webhooks/{provider}/sms/status",
        paused_by_setting=settings.delivery.pause_outbound_sms,
        wake=lambda: presence.wake(SEND_TOPIC),
        recorded=lambda: presence.wake(FEED_TOPIC),
        cut_off=presence.lost,
    )
    stack.push_async_callback(courier.close)
    limits = textback.TextbackLimits(useful_for=timedelta(minutes=settings.textback.time_limit_minutes))
    handlers = Handlers([*textback.handlers(courier, limits), *conversations.handlers(journal), *calls.handlers()])
    late.append(handlers)
    return Frontdesk(
        settings=settings,
        clock=clock,
        app=app,
        system=system,
        switches=switches,
        presence=presence,
        journal=journal,
        courier=courier,
        directory=senders.NumberDirectory(system=system, clock=clock),
        catalogue=catalogue(),
        handlers=handlers,
        providers=providers,
        twilio=account,
        metrics=Metrics(),
        public_base_url=public_base_url,
    )
