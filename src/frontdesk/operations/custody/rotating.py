"""Exchanging the installation's own key: begun on the command line, finished once nothing needs the old one."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path

from frontdesk.features.scheduling.model.calendars import CalendarCompany
from frontdesk.features.scheduling.service.calendars_logins import PURPOSE, open_login, seal_login
from frontdesk.kernel import audit, auth, hooks, keys
from frontdesk.kernel.actor import Actor
from frontdesk.kernel.db import Database, Transaction
from frontdesk.kernel.errors import Refused
from frontdesk.kernel.hooks import Sealer
from frontdesk.kernel.rings import reseal_rings
from frontdesk.kernel.sealing import SealBroken, Vault
from frontdesk.kernel.settings import Settings
from frontdesk.operations.custody import queries

NAME = "SECRET_KEY"


def seen_rotations(settings: Settings) -> Mapping[str, datetime | None]:
    """List the secrets that have a second value, with the moment from which that is known."""
    found: dict[str, datetime | None] = dict.fromkeys(settings.second_secrets())
    since = keys.exchanged_at(settings.home) if settings.key_is_ours else None
    return found if since is None else {**found, NAME: since}


async def rotate_key(system: Database, settings: Settings, *, by: Actor) -> int:
    """Exchange the generated key, and seal with the new one what the old one had sealed; returns how many secrets.

    Sessions go on: what was signed with the old key is accepted for 24 h. Refuses `custody.key_is_set` (409) where
    SECRET_KEY is the operator's own, and `custody.rotation_open` (409) while an exchange is under way.
    """
    if not settings.key_is_ours:
        raise Refused(
            "custody.key_is_set",
            "SECRET_KEY is set: put the new one there and the old one into SECRET_KEY_PREVIOUS, and restart.",
            status=409,
        )
    try:
        await asyncio.to_thread(keys.exchange_key, settings.home)
    except ValueError:
        raise Refused(
            "custody.rotation_open", "The key is being exchanged: run `frontdesk secret finish` first.", status=409
        ) from None
    return await _reseal(system, settings, by=by, action="custody.key_rotated")


async def finish_rotation(system: Database, settings: Settings, *, by: Actor) -> bool:
    """Seal anew whatever the old key still opens, then delete the old key; False where there is none."""
    if keys.exchanged_at(settings.home) is None:
        return False
    await _reseal(system, settings, by=by, action="custody.key_rotation_finished")
    return await asyncio.to_thread(keys.forget_previous, settings.home)


async def _reseal(system: Database, settings: Settings, *, by: Actor, action: str) -> int:
    signing = settings.signing_keys()
    async with system.transaction() as tx:
        sealed = await hooks.reseal_secrets(tx, Sealer(signing))
        sealed += await reseal_rings(tx, signing)
        sealed += await _reseal_logins(tx, Vault(signing, purpose=PURPOSE))
        sealed += await auth.reseal_totp(tx, auth.factor_vault(signing))
        await audit.write_entry(tx, actor=by, action=action, subject=f"secret:{NAME}", details={"resealed": sealed})
    return sealed


async def _reseal_logins(tx: Transaction, vault: Vault) -> int:
    """Seal the logins of calendars anew that the current key does not open; what none opens stays as it is."""
    count = 0
    for login in await queries.list_logins(tx):
        try:
            opened, current = open_login(
                vault,
                login.sealed,
                tenant_id=login.tenant_id,
                provider=CalendarCompany(login.provider),
                account_id=login.account_id,
            )
        except SealBroken:
            continue
        if current:
            continue
        sealed = seal_login(
            vault,
            opened,
            tenant_id=login.tenant_id,
            provider=CalendarCompany(login.provider),
            account_id=login.account_id,
        )
        await queries.replace_login(tx, login, sealed=sealed)
        count += 1
    return count


def age_previous(home: Path, *, by: timedelta) -> None:
    """Let the exchange of the key have begun earlier, for a drill."""
    path = home / "secrets" / (keys.SECRET_KEY + keys.PREVIOUS)
    moment = path.stat().st_mtime - by.total_seconds()
    os.utime(path, (moment, moment))
