"""The parts of a process, put together."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from frontdesk.features import calls, conversations, delivery, scheduling, senders, tenants, textback
from frontdesk.features.billing import events as billing_events
from frontdesk.features.calls import events as calls_events
from frontdesk.features.campaigns import events as campaigns_events
from frontdesk.features.consent import events as consent_events
from frontdesk.features.contacts import events as contacts_events
from frontdesk.features.conversations import events as conversations_events
from frontdesk.features.delivery import events as delivery_events
from frontdesk.features.scheduling import events as scheduling_events
from frontdesk.features.scheduling.jobs.calendars import calendar_handlers
from frontdesk.features.textback import events as textback_events
from frontdesk.kernel import epoch
from frontdesk.kernel.claims import CLAIMS, Claims
from frontdesk.kernel.clock import DatabaseClock
from frontdesk.kernel.db import Database, Flush, Role, Transaction
from frontdesk.kernel.hooks import events as hooks_events
from frontdesk.kernel.journal import Journal
from frontdesk.kernel.liveness import Presence
from frontdesk.kernel.outbox import Catalogue, Dispatcher, Handlers, flush_with
from frontdesk.kernel.outbox.dispatcher import EventRejected
from frontdesk.kernel.outbox.store import release_claims_of
from frontdesk.kernel.settings import Settings
from frontdesk.kernel.telemetry import Metrics
from frontdesk.ports import MessagingProvider
from frontdesk.ports.identity import IdentityProvider
from frontdesk.ports.payments import PaymentProvider
from frontdesk.providers.clerk import ClerkAccount, ClerkIdentity
from frontdesk.providers.http import HttpClient
from frontdesk.providers.stripe import StripeAccount, StripePayments
from frontdesk.providers.telnyx import TelnyxAccount, TelnyxMessaging
from frontdesk.providers.twilio import SharedKey, TwilioAccount, TwilioMessaging
from frontdesk.wiring.booking import BookingLinks, booking_links, booking_voice
from frontdesk.wiring.calendars import Calendars, open_calendars
from frontdesk.wiring.models import dialogue_means, open_meanings

SEND_TOPIC = "send"
FEED_TOPIC = "feed"
CALENDAR_TOPIC = "calendars"
FEED_SECONDS = 0.1


def catalogue() -> Catalogue:
    """List every event that the program knows."""
    return Catalogue(
        (
            EventRejected,
            *billing_events.EVENTS,
            *calls_events.EVENTS,
            *campaigns_events.EVENTS,
            *consent_events.EVENTS,
            *contacts_events.EVENTS,
            *conversations_events.EVENTS,
            *delivery_events.EVENTS,
            *hooks_events.EVENTS,
            *scheduling_events.EVENTS,
            *textback_events.EVENTS,
        )
    )


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


def telnyx_account(settings: Settings) -> TelnyxAccount | None:
    """Read the Telnyx account from the settings; None while no credentials are set."""
    telnyx = settings.telnyx
    if telnyx.api_key is None or telnyx.public_key is None:
        return None
    return TelnyxAccount(
        api_key=telnyx.api_key.get_secret_value(),
        public_keys=tuple(key for key in (telnyx.public_key, telnyx.public_key_secondary) if key),
        api_base_url=str(telnyx.api_base_url),
        messaging_profile_id=telnyx.messaging_profile_id or "",
    )


def stripe_account(settings: Settings) -> StripeAccount | None:
    """Read the Stripe account from the settings; None while no credentials are set."""
    stripe = settings.stripe
    if stripe.secret_key is None or stripe.webhook_secret is None:
        return None
    secrets = (stripe.webhook_secret, stripe.webhook_secret_secondary)
    return StripeAccount(
        secret_key=stripe.secret_key.get_secret_value(),
        webhook_secrets=tuple(secret.get_secret_value() for secret in secrets if secret is not None),
        api_base_url=str(stripe.api_base_url),
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
    claims: Claims
    courier: delivery.Courier
    directory: senders.NumberDirectory
    businesses: tenants.TenantDirectory
    catalogue: Catalogue
    handlers: Handlers
    providers: Mapping[str, MessagingProvider]
    twilio: TwilioAccount | None
    telnyx: TelnyxAccount | None
    stripe: StripeAccount | None
    payments: PaymentProvider | None
    identity: IdentityProvider | None
    calendars: Calendars
    links: BookingLinks
    meanings: conversations.Meanings
    metrics: Metrics
    public_base_url: str

    @property
    def process_id(self) -> UUID:
        """This process's id, under which it leases work."""
        return self.presence.process_id

    def tell_viewers(self) -> None:
        """Wake whoever watches live: at once in this process, within 0.1 s in others, once for many changes."""
        self.presence.wake(FEED_TOPIC, within=FEED_SECONDS)

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
    clock, twilio, telnyx = clock or DatabaseClock(), twilio_account(settings), telnyx_account(settings)
    providers = _open_providers(stack, twilio, telnyx, clock)
    journal, claims = _open_journals(stack, home)
    late: list[Handlers] = []

    async def flush(tx: Transaction) -> None:
        await flush_with(late[0])(tx)

    async def open_database(role: Role, *, only: int | None = None) -> Database:
        return await _open_database(
            stack, settings, database_url, role=role, clock=clock, flush=flush, only=only, name=f"frontdesk-{kind}"
        )

    system, app = await _founded(await open_database(Role.SYSTEM)), await open_database(Role.APP)
    switches = await open_database(Role.SYSTEM, only=1)
    presence = await _register(stack, database_url, kind=kind, system=system)
    courier = _hire_courier(settings, system, providers, presence, public_base_url)
    courier.fenced = not await claims.agree(system)
    stack.push_async_callback(courier.close)
    links = await booking_links(system, settings, public_base_url=public_base_url)
    late.append(handlers := _list_handlers(settings, courier, journal, links, public_base_url))
    return Frontdesk(
        settings=settings,
        clock=clock,
        app=app,
        system=system,
        switches=switches,
        presence=presence,
        journal=journal,
        claims=claims,
        courier=courier,
        directory=senders.NumberDirectory(system=system, clock=clock),
        businesses=tenants.TenantDirectory(app=app, clock=clock),
        catalogue=catalogue(),
        handlers=handlers,
        providers=providers,
        twilio=twilio,
        telnyx=telnyx,
        stripe=stripe_account(settings),
        payments=_open_payments(stack, settings, clock),
        identity=_open_identity(stack, settings, clock),
        calendars=open_calendars(
            stack, settings=settings, app=app, system=system, clock=clock, public_base_url=public_base_url
        ),
        links=links,
        meanings=open_meanings(stack, settings, kind=kind),
        metrics=Metrics(),
        public_base_url=public_base_url,
    )


def _open_journals(stack: AsyncExitStack, home: Path) -> tuple[Journal, Claims]:
    journal, claims = Journal(home / "journal"), Claims(Journal(home / "journal", CLAIMS))
    stack.push_async_callback(journal.close)
    stack.push_async_callback(claims.close)
    return journal, claims


async def _register(stack: AsyncExitStack, database_url: str, *, kind: str, system: Database) -> Presence:
    presence = Presence(database_url, kind=kind, system=system)
    await presence.start()
    stack.push_async_callback(presence.stop)
    return presence


async def _open_database(
    stack: AsyncExitStack,
    settings: Settings,
    url: str,
    *,
    role: Role,
    clock: DatabaseClock,
    flush: Flush,
    only: int | None,
    name: str,
) -> Database:
    database = await Database.open(
        url,
        role=role,
        clock=clock,
        flush=flush,
        min_size=only or settings.database.pool_min_size,
        max_size=only or settings.database.pool_max_size,
        application_name=name,
    )
    stack.push_async_callback(database.close)
    return database


async def _founded(system: Database) -> Database:
    """Claim a database that is new; one that was restored or copied stays as it is."""
    await system.perform(epoch.found)
    return system


def _open_providers(
    stack: AsyncExitStack, twilio: TwilioAccount | None, telnyx: TelnyxAccount | None, clock: DatabaseClock
) -> dict[str, MessagingProvider]:
    http = HttpClient()
    stack.push_async_callback(http.close)
    providers: dict[str, MessagingProvider] = {}
    if twilio is not None:
        providers["twilio"] = TwilioMessaging(twilio, http, clock=clock)
    if telnyx is not None:
        providers["telnyx"] = TelnyxMessaging(telnyx, http, clock=clock)
    return providers


def _open_payments(stack: AsyncExitStack, settings: Settings, clock: DatabaseClock) -> PaymentProvider | None:
    account = stripe_account(settings)
    if account is None:
        return None
    http = HttpClient(connections_per_origin=16)
    stack.push_async_callback(http.close)
    return StripePayments(account, http, clock=clock)


def _open_identity(stack: AsyncExitStack, settings: Settings, clock: DatabaseClock) -> IdentityProvider | None:
    clerk = settings.clerk
    if clerk.jwt_issuer is None or clerk.jwt_audience is None or clerk.jwks_url is None:
        return None
    http = HttpClient(connections_per_origin=2)
    stack.push_async_callback(http.close)
    account = ClerkAccount(issuer=clerk.jwt_issuer, audience=clerk.jwt_audience, jwks_url=clerk.jwks_url)
    return ClerkIdentity(account, http, clock=clock)


def _hire_courier(
    settings: Settings,
    system: Database,
    providers: Mapping[str, MessagingProvider],
    presence: Presence,
    public_base_url: str,
) -> delivery.Courier:
    return delivery.Courier(
        system=system,
        providers=providers,
        clock=system.clock,
        process_id=presence.process_id,
        callback_url=lambda provider, _job_id: f"{public_base_url}/webhooks/{provider}/sms/status",
        paused_by_setting=settings.delivery.pause_outbound_sms,
        wake=lambda: presence.wake(SEND_TOPIC),
        recorded=lambda: presence.wake(FEED_TOPIC, within=FEED_SECONDS),
        cut_off=presence.lost,
    )


def _list_handlers(
    settings: Settings, courier: delivery.Courier, journal: Journal, links: BookingLinks, public_base_url: str
) -> Handlers:
    limits = textback.TextbackLimits(useful_for=timedelta(minutes=settings.textback.time_limit_minutes))
    means = dialogue_means(settings, lane=courier, public_base_url=public_base_url)
    voice = booking_voice(links, lane=courier)
    return Handlers(
        [
            *textback.handlers(courier, limits, means),
            *conversations.handlers(journal, courier),
            *calls.handlers(),
            *scheduling.handlers(voice),
            *calendar_handlers(),
        ]
    )
