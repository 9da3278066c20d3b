"""Logins at rest: sealed to the business, the provider and the account that they open."""

from __future__ import annotations

from uuid import UUID

import msgspec

from frontdesk.features.scheduling.model.calendars import CalendarCompany, Lease
from frontdesk.kernel.sealing import Vault
from frontdesk.ports.calendars import Login

PURPOSE = "frontdesk calendar logins v1"


def seal_login(vault: Vault, login: Login, *, tenant_id: UUID, provider: CalendarCompany, account_id: str) -> bytes:
    """Seal a login."""
    return vault.seal(msgspec.json.encode(login).decode(), place=_place(tenant_id, provider, account_id))


def open_login(
    vault: Vault, sealed: bytes, *, tenant_id: UUID, provider: CalendarCompany, account_id: str
) -> tuple[Login, bool]:
    """Open a login, and tell whether the current key sealed it; refuses with `SealBroken`."""
    text, current = vault.open(sealed, place=_place(tenant_id, provider, account_id))
    return msgspec.json.decode(text, type=Login), current


def open_leased(vault: Vault, lease: Lease) -> tuple[Login, bool]:
    """Open the login of a leased account."""
    return open_login(
        vault,
        lease.sealed_login,
        tenant_id=lease.tenant_id,
        provider=lease.provider,
        account_id=lease.provider_account_id,
    )


def seal_leased(vault: Vault, lease: Lease, login: Login) -> bytes:
    """Seal the renewed login of a leased account."""
    return seal_login(
        vault, login, tenant_id=lease.tenant_id, provider=lease.provider, account_id=lease.provider_account_id
    )


def consent_place(tenant_id: UUID, state_hash: bytes) -> str:
    """Name what the verifier of a consent is sealed to."""
    return f"{tenant_id}/calendar_consents/sealed_verifier/{state_hash.hex()}"


def _place(tenant_id: UUID, provider: CalendarCompany, account_id: str) -> str:
    return f"{tenant_id}/calendar_connections/sealed_login/{provider}/{account_id}"
