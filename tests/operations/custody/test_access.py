"""After a breach nothing opens that opened before it, and a key is exchanged with all that it had sealed."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest

from frontdesk.features.scheduling.model.calendars import CalendarCompany
from frontdesk.features.scheduling.service.calendars_logins import PURPOSE, open_login, seal_login
from frontdesk.kernel import keys
from frontdesk.kernel.auth import Scope, create_token, find_token, revoke_all_tokens
from frontdesk.kernel.db import Database
from frontdesk.kernel.errors import Refused
from frontdesk.kernel.sealing import Vault
from frontdesk.kernel.settings import load_settings
from frontdesk.kernel.upkeep import Severity
from frontdesk.operations.checking.looking import look
from frontdesk.operations.checking.registry import find_sabotage, get_check
from frontdesk.operations.custody import queries
from frontdesk.operations.custody.breach import close_breach, declare_breach
from frontdesk.operations.custody.rotating import age_previous, finish_rotation, rotate_key, seen_rotations
from frontdesk.ports.calendars import Login
from tests.support.actors import ADA_ACTS

CLOSED = get_check("custody.access_is_closed")
FINISHED = get_check("custody.rotations_are_finished")
PEOPLE = get_check("custody.people_get_in")


async def issue(system: Database) -> str:
    async with system.transaction() as tx:
        issued = await create_token(
            tx,
            name="a program",
            scopes=frozenset({Scope.OPERATIONS_READ}),
            grantable=frozenset(Scope),
            expires_at=tx.now + timedelta(days=1),
            actor=ADA_ACTS,
        )
    return issued.secret


async def test_a_breach_is_open_until_every_door_from_before_it_is_shut(system: Database) -> None:
    old = await issue(system)
    assert (await look(system, CLOSED)).severity is Severity.OK
    async with system.transaction() as tx:
        await declare_breach(tx, by=ADA_ACTS, reason="a token was found in a public place")
    found = await look(system, CLOSED)
    assert found.severity is Severity.CRITICAL
    assert found.value == 1
    async with system.transaction() as tx:
        with pytest.raises(Refused, match="1 tokens"):
            await close_breach(tx, by=ADA_ACTS)
    async with system.transaction() as tx:
        assert await revoke_all_tokens(tx, actor=ADA_ACTS) == 1
        assert await find_token(tx, secret=old) is None
    new = await issue(system)
    assert (await look(system, CLOSED)).severity is Severity.INFO, "what was issued since is no door of the intruder's"
    async with system.transaction() as tx:
        await close_breach(tx, by=ADA_ACTS)
        assert await find_token(tx, secret=new) is not None
        with pytest.raises(Refused, match="No breach"):
            await close_breach(tx, by=ADA_ACTS)
    assert (await look(system, CLOSED)).severity is Severity.OK


async def test_an_exchange_that_nobody_finishes_is_seen_after_a_day(system: Database, home: Path) -> None:
    settings = load_settings({}, home)
    await rotate_key(system, settings, by=ADA_ACTS)
    async with system.transaction() as tx:
        await queries.record_rotations(tx, seen_rotations(settings))
    assert (await look(system, FINISHED)).severity is Severity.INFO
    age_previous(home, by=timedelta(hours=25))
    async with system.transaction() as tx:
        await queries.record_rotations(tx, seen_rotations(settings))
    late = await look(system, FINISHED)
    assert late.severity is Severity.WARNING
    assert "SECRET_KEY" in late.words
    assert await finish_rotation(system, settings, by=ADA_ACTS)
    assert not await finish_rotation(system, settings, by=ADA_ACTS)
    async with system.transaction() as tx:
        await queries.record_rotations(tx, seen_rotations(settings))
    assert (await look(system, FINISHED)).severity is Severity.OK


async def test_an_exchange_is_begun_once_and_only_of_a_key_of_ours(system: Database, home: Path) -> None:
    settings = load_settings({}, home)
    await rotate_key(system, settings, by=ADA_ACTS)
    with pytest.raises(Refused) as refused:
        await rotate_key(system, settings, by=ADA_ACTS)
    assert refused.value.code == "custody.rotation_open"
    own = load_settings({"SECRET_KEY": settings.signing_keys().current()}, home)
    with pytest.raises(Refused) as refused:
        await rotate_key(system, own, by=ADA_ACTS)
    assert refused.value.code == "custody.key_is_set"
    assert keys.exchanged_at(home) is not None


async def test_second_values_of_an_operators_own_settings_count_from_when_they_were_seen(
    system: Database, home: Path
) -> None:
    tokens = {"TWILIO_ACCOUNT_SID": "AC" + "0" * 32, "TWILIO_AUTH_TOKEN": "a", "TWILIO_AUTH_TOKEN_SECONDARY": "b"}
    settings = load_settings(tokens, home)
    assert set(seen_rotations(settings)) == {"TWILIO_AUTH_TOKEN_SECONDARY"}
    for _ in range(2):
        async with system.transaction() as tx:
            await queries.record_rotations(tx, seen_rotations(settings))
    async with system.transaction() as tx:
        [rotation] = await queries.list_rotations(tx)
    assert rotation.name == "TWILIO_AUTH_TOKEN_SECONDARY"
    async with system.transaction() as tx:
        await queries.record_rotations(tx, {})
        assert await queries.list_rotations(tx) == []


async def test_many_failed_logins_are_told(system: Database) -> None:
    assert (await look(system, PEOPLE)).severity is Severity.OK
    sabotage = find_sabotage("custody.failed_logins")
    assert sabotage is not None
    async with system.transaction() as tx:
        await sabotage.act(tx)
    assert (await look(system, PEOPLE)).severity is Severity.CRITICAL


LOGIN = Login(username="ada", password="a pass phrase of Ada's")
CONNECT = """
    insert into calendar_connections (id, tenant_id, provider, provider_account_id, account_name, sealed_login, state,
                                      due_at, connected_by, created_at, updated_at)
    values (gen_random_uuid(), $1, 'google', 'ada', 'Ada', $2, 'active', now(), 'tests', now(), now())
"""


async def test_what_the_old_key_has_sealed_opens_without_it_afterwards(
    system: Database, database_url: str, home: Path
) -> None:
    settings, tenant_id = load_settings({}, home), UUID(int=0xADA)
    vault = Vault(settings.signing_keys(), purpose=PURPOSE)
    sealed = seal_login(vault, LOGIN, provider=CalendarCompany.GOOGLE, tenant_id=tenant_id, account_id="ada")
    owner = await asyncpg.connect(database_url)
    await owner.execute("set session_replication_role = replica")
    await owner.execute(CONNECT, tenant_id, sealed)
    assert await rotate_key(system, settings, by=ADA_ACTS) == 1
    assert await finish_rotation(system, settings, by=ADA_ACTS)
    now_sealed = await owner.fetchval("select sealed_login from calendar_connections")
    await owner.close()
    opened, current = open_login(
        vault, now_sealed, provider=CalendarCompany.GOOGLE, tenant_id=tenant_id, account_id="ada"
    )
    assert (opened, current) == (LOGIN, True)
