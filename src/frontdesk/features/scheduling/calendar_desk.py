"""Where accounts with calendars are connected and let go: between a browser, a provider and the database."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Callable, Mapping
from contextlib import suppress
from uuid import UUID

from frontdesk.features.scheduling.model.calendars import CONSENT_LASTS, CalendarCompany
from frontdesk.features.scheduling.queries import calendars_accounts as accounts
from frontdesk.features.scheduling.service import calendars as service
from frontdesk.features.scheduling.service.calendars_logins import consent_place, open_login, seal_login
from frontdesk.kernel.actor import Actor
from frontdesk.kernel.clock import Clock
from frontdesk.kernel.db import Database
from frontdesk.kernel.errors import Refused
from frontdesk.kernel.sealing import SealBroken, Vault
from frontdesk.ports.calendars import AccessRevoked, CalendarConsent, CalendarProvider, Login
from frontdesk.ports.errors import ProviderError

CALLBACK_PATH = "/calendars/callback"


class CalendarDesk:
    """Connects accounts; no transaction is open while a provider is asked.

    `consents` are the providers whose owners are sent to their pages, `judge_server` refuses addresses of servers
    that will not be connected to.
    """

    def __init__(
        self,
        *,
        app: Database,
        providers: Mapping[CalendarCompany, CalendarProvider],
        consents: Mapping[CalendarCompany, CalendarConsent],
        vault: Vault,
        clock: Clock,
        judge_server: Callable[[str], None],
        public_base_url: str,
        jobber_token: str = "",
    ) -> None:
        self._app = app
        self._providers = providers
        self._consents = consents
        self._vault = vault
        self._clock = clock
        self._judge_server = judge_server
        self._callback = public_base_url.rstrip("/") + CALLBACK_PATH
        self._jobber_token = jobber_token

    def offered(self) -> dict[CalendarCompany, bool]:
        """List the providers that can be connected, and whether that is done on a page of theirs."""
        return {name: name in self._consents for name in self._providers}

    async def begin_consent(self, tenant_id: UUID, *, provider: CalendarCompany, by: Actor) -> str:
        """Tell the address at which the owner of an account lets us in; refuses `calendars.not_offered`."""
        consent = self._consents.get(provider)
        if consent is None:
            raise Refused(
                "calendars.not_offered", f"{provider.value} has no page for this here; is it configured?", status=409
            )
        state = f"{tenant_id.hex}.{secrets.token_urlsafe(32)}"
        verifier = secrets.token_urlsafe(48)
        state_hash = service.hash_secret(state)
        async with self._app.transaction(tenant_id) as tx:
            await accounts.put_consent(
                tx,
                state_hash=state_hash,
                provider=provider,
                sealed_verifier=self._vault.seal(verifier, place=consent_place(tenant_id, state_hash)),
                redirect_uri=self._callback,
                asked_by=str(by),
                expires_at=tx.now + CONSENT_LASTS,
            )
        return consent.consent_url(state=state, challenge=_challenge(verifier), redirect_uri=self._callback)

    async def finish_consent(self, tenant_id: UUID, *, state: str, code: str, by: Actor) -> UUID:
        """Take the owner back who was sent away by the same person, once; returns the connection's id.

        Refuses `calendars.consent_unknown` and `calendars.not_connected`.
        """
        state_hash = service.hash_secret(state)
        async with self._app.transaction(tenant_id) as tx:
            taken = await accounts.take_consent(tx, state_hash=state_hash, asked_by=str(by))
            if taken is None or taken[3] < tx.now:
                raise Refused(
                    "calendars.consent_unknown", "This consent was not asked for by you, or too long ago.", status=400
                )
        provider, sealed, redirect_uri, _ = taken
        try:
            verifier, _ = self._vault.open(sealed, place=consent_place(tenant_id, state_hash))
            login = await self._consents[provider].redeem(
                code=code, verifier=verifier, redirect_uri=redirect_uri, now=self._clock.now()
            )
        except (ProviderError, SealBroken, KeyError) as error:
            raise _not_connected(error) from error
        return await self._keep(tenant_id, provider=provider, login=login, by=by)

    async def connect_server(
        self, tenant_id: UUID, *, server_url: str, username: str, password: str, by: Actor
    ) -> UUID:
        """Connect a CalDAV server; returns the connection's id. The password is best one made for this program.

        Refuses `calendars.not_offered`, `calendars.not_connected` and `calendars.server_invalid`.
        """
        self._judge_server(server_url)
        login = Login(server_url=server_url, username=username, password=password)
        return await self._keep(tenant_id, provider=CalendarCompany.CALDAV, login=login, by=by)

    async def connect_jobber_token(self, tenant_id: UUID, *, token: str, by: Actor) -> UUID:
        """Connect Jobber by a token, the installation's own if none is given; returns the connection's id."""
        login = Login(access_token=token or self._jobber_token)
        if not login.access_token:
            raise Refused("calendars.not_offered", "There is no JOBBER_API_TOKEN; give a token.", status=409)
        return await self._keep(tenant_id, provider=CalendarCompany.JOBBER, login=login, by=by)

    async def disconnect(self, tenant_id: UUID, *, connection_id: UUID, by: Actor) -> None:
        """Let an account go, and tell its provider; refuses `calendars.not_found`."""
        async with self._app.transaction(tenant_id) as tx:
            provider, account_id, sealed = await service.disconnect(tx, connection_id=connection_id, by=by)
        consent = self._consents.get(provider)
        if consent is None:
            return
        with suppress(SealBroken, ProviderError):
            login, _ = open_login(self._vault, sealed, tenant_id=tenant_id, provider=provider, account_id=account_id)
            await consent.give_back(login)

    async def _keep(self, tenant_id: UUID, *, provider: CalendarCompany, login: Login, by: Actor) -> UUID:
        asked = self._providers.get(provider)
        if asked is None:
            raise Refused("calendars.not_offered", f"{provider.value} is not configured here.", status=409)
        try:
            login = await asked.refresh(login, now=self._clock.now())
            account = await asked.get_account(login)
            found = await asked.list_calendars(login)
        except ProviderError as error:
            raise _not_connected(error) from error
        sealed = seal_login(self._vault, login, tenant_id=tenant_id, provider=provider, account_id=account.id)
        async with self._app.transaction(tenant_id) as tx:
            return await service.keep_connection(
                tx, provider=provider, account=account, sealed_login=sealed, found=found, by=by
            )


def _challenge(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def _not_connected(error: Exception) -> Refused:
    why = "It does not let us in with this." if isinstance(error, AccessRevoked) else str(error)
    return Refused("calendars.not_connected", f"The account could not be connected. {why}", status=422)
