"""The walls between tenants stand in PostgreSQL itself: read from its catalogue, and tried out."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID, uuid4

import asyncpg
import pytest

from frontdesk.kernel.clock import DatabaseClock
from frontdesk.kernel.db import Database, Role
from tests.architecture.sources import listed

ADA, MALLORY = UUID(int=0xADA), UUID(int=0xBAD)
ROLES = ("frontdesk_app", "frontdesk_system")
# Tables that hold rows of tenants and of the platform: there the column may be empty, and an empty one is nobody's.
SYSTEM_ONLY = {"api_tokens"}  # looked up before the tenant is known: no right at all for the app role
RUN_AS_OWNER: set[str] = set()  # SECURITY DEFINER functions; there are none
OWN_RULES = {"alembic_version", "pgqueuer", "pgqueuer_log", "pgqueuer_schedules", "pgqueuer_statistics"}

TABLES = """
    select relation.relname as name, relation.relrowsecurity as shut, relation.relforcerowsecurity as forced,
           pg_get_userbyid(relation.relowner) as owner, obj_description(relation.oid) as remark,
           exists (select from pg_attribute as field
                   where field.attrelid = relation.oid and field.attname = 'tenant_id') as of_tenant
    from pg_class as relation join pg_namespace as space on space.oid = relation.relnamespace
    where relation.relkind in ('r', 'p') and space.nspname = 'public'
    order by relation.relname
"""
POLICIES = """
    select tablename, unnest(roles)::text as role, permissive, cmd, qual, with_check
    from pg_policies where schemaname = 'public'
"""
COLUMNS = """
    select column_name, is_nullable = 'YES' as optional, udt_name,
           column_default is not null or is_identity = 'YES' as filled
    from information_schema.columns where table_schema = 'public' and table_name = $1 order by ordinal_position
"""
# What a made-up row needs where the database checks a value.
FITTING: dict[tuple[str, str], object] = {
    ("members", "role"): "owner",
    ("invitations", "role"): "owner",
    ("onboardings", "step"): "hours",
    ("payments", "currency"): "usd",
    ("payments", "status"): "failed",
    ("payment_events", "kind"): "opened",
    ("refunds", "status"): "requested",
    ("subscriptions", "status"): "active",
    ("payment_orders", "kind"): "look_up_payment",
    ("payment_orders", "status"): "queued",
    ("job_runs", "state"): "queued",
    ("job_steps", "state"): "succeeded",
    ("send_jobs", "status"): "queued",
    ("send_jobs", "message_class"): "C1",
    ("send_decisions", "verdict"): "send",
    ("do_not_contact", "scope"): "all",
    ("imports", "status"): "uploaded",
    ("import_rows", "outcome"): "rejected",
    ("import_changes", "kind"): "added",
    ("import_changes", "outcome"): "removed",
    ("campaigns", "status"): "draft",
    ("rehearsals", "status"): "running",
    ("rehearsal_entries", "verdict"): "send",
    ("opt_ins", "kind"): "written",
    ("opt_ins", "scope"): "marketing",
    ("suppression_imports", "scope"): "all",
    ("conv_messages", "direction"): "inbound",
    ("conv_changes", "kind"): "given",
    ("textbacks", "outcome"): "texting",
    ("conv_dialogue_turns", "understood_by"): "rules",
    ("webhook_deliveries", "status"): "pending",
    ("sched_services", "duration_minutes"): 60,
    ("sched_appointments", "status"): "booked",
    ("sched_appointments", "ends_at"): datetime(2999, 1, 1, tzinfo=UTC),
    ("sched_holds", "ends_at"): datetime(2999, 1, 1, tzinfo=UTC),
    ("sched_past_holds", "outcome"): "booked",
    ("sched_occupancies", "kind"): "external",
    ("sched_occupancies", "during"): asyncpg.Range(datetime(2999, 1, 1, tzinfo=UTC), datetime(2999, 1, 2, tzinfo=UTC)),
    ("sched_busy_times", "during"): asyncpg.Range(datetime(2999, 1, 1, tzinfo=UTC), datetime(2999, 1, 2, tzinfo=UTC)),
    ("sched_reminders", "status"): "waiting",
    ("sched_waiters", "status"): "waiting",
    ("sched_waiters", "wanted_until"): datetime(2999, 1, 1, tzinfo=UTC),
    ("webhook_endpoints", "event_names"): ["calls.missed.v1"],
    ("calendar_connections", "provider"): "google",
    ("calendar_connections", "state"): "active",
    ("calendar_consents", "provider"): "google",
}


@pytest.fixture
async def owner(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    """Lend a connection of the database's owner."""
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()


async def tenant_tables(owner: asyncpg.Connection) -> dict[str, str]:
    """Name each table that holds tenants' rows, with the column that says whose they are."""
    found = {row["name"]: "tenant_id" for row in await owner.fetch(TABLES) if row["of_tenant"]}
    return found | {"tenants": "id"}


def value_for(table: str, column: str, kind: str) -> object:
    """Make up a value that the column takes."""
    if (table, column) in FITTING:
        return FITTING[table, column]
    made: dict[str, object] = {
        "uuid": uuid4(), "text": uuid4().hex, "int2": 1, "int4": 1, "int8": random.randrange(1, 2**60),
        "bool": True, "timestamptz": datetime.now(UTC), "jsonb": "{}", "bytea": uuid4().bytes * 2, "_text": [],
        "inet": "127.0.0.1", "date": datetime.now(UTC).date(), "time": datetime.now(UTC).time(), "numeric": Decimal(1),
    }  # fmt: skip
    return made[kind]


async def made_up_row(owner: asyncpg.Connection, table: str, column: str, tenant: UUID) -> tuple[str, list[object]]:
    """Write a statement that adds one row of a tenant, with whatever the table asks for."""
    names: list[str] = [column]
    values: list[object] = [tenant]
    for row in await owner.fetch(COLUMNS, table):
        name = row["column_name"]
        if name != column and ((table, name) in FITTING or not (row["optional"] or row["filled"])):
            names.append(name)
            values.append(value_for(table, name, row["udt_name"]))
    places = ", ".join(f"${number}" for number in range(1, len(names) + 1))
    return f"insert into {table} ({', '.join(names)}) values ({places})", values  # noqa: S608 - the catalogue's names


@pytest.fixture
async def two_tenants(owner: asyncpg.Connection) -> dict[str, str]:
    """Give Ada and Mallory one row each in every table that holds tenants' rows."""
    tables = await tenant_tables(owner)
    await owner.execute("set session_replication_role = replica")  # rows stand alone here, without those they refer to
    for table, column in tables.items():
        for tenant in (ADA, MALLORY):
            statement, values = await made_up_row(owner, table, column, tenant)
            await owner.execute(statement, *values)
    await owner.execute("set session_replication_role = origin")
    return tables


class Undone(Exception):
    """What a test raises to have a transaction rolled back."""


def undo() -> None:
    """Have the transaction around rolled back."""
    raise Undone


async def as_app(database_url: str, max_size: int = 2) -> Database:
    """Open the database as the application does."""
    return await Database.open(database_url, role=Role.APP, clock=DatabaseClock(), max_size=max_size)


async def test_every_table_with_tenants_rows_is_shut_and_forced_for_both_roles(owner: asyncpg.Connection) -> None:
    policies = {(row["tablename"], row["role"]) for row in await owner.fetch(POLICIES)}
    tables = await tenant_tables(owner)
    assert len(tables) > 20
    offenders = [
        f"{row['name']}: shut {row['shut']}, forced {row['forced']}, policies for"
        f" {[role for role in ROLES if (row['name'], role) in policies]}"
        for row in await owner.fetch(TABLES)
        if row["name"] in tables
        and not (row["shut"] and row["forced"] and all((row["name"], role) in policies for role in ROLES))
    ]
    assert not offenders, listed(offenders)


async def test_the_apps_policy_lets_through_its_own_tenants_rows_and_no_others(owner: asyncpg.Connection) -> None:
    tables = await tenant_tables(owner)
    offenders = []
    for row in await owner.fetch(POLICIES):
        if row["role"] == "frontdesk_app":
            asked = [" ".join((row[clause] or "").split()) for clause in ("qual", "with_check")]
            own = (
                f"({tables.get(row['tablename'], '?')} = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true)"
            )
            if not all(clause.startswith(own) for clause in asked) or row["permissive"] != "PERMISSIVE":
                offenders.append(f"{row['tablename']}: {asked}")
        elif row["role"] == "public":
            offenders.append(f"{row['tablename']}: a policy for everybody")
    assert not offenders, listed(offenders)


async def test_a_table_without_tenants_rows_is_named_here(owner: asyncpg.Connection) -> None:
    shared = {row["name"] for row in await owner.fetch(TABLES) if not row["of_tenant"] and row["name"] != "tenants"}
    assert shared - OWN_RULES == {
        "check_states",  # how every check stands, for whoever runs the platform
        "runbook_runs",
        "runbook_steps",
        "drill_results",
        "chain_verifications",  # how far each audit log is verified, for whoever runs the platform
        "secret_rotations",
        "maintenance_windows",
        "platform_settings",
        "monitors",
        "monitor_runs",
        "incidents",  # and who is on call: whoever runs the platform
        "incident_notes",
        "incident_actions",
        "postmortems",
        "oncall_responders",
        "oncall_rotas",
        "oncall_overrides",
        "plans",  # what every business may subscribe to
        "user_identities",  # who is asked before it is known whose business it is
        "alert_beats",  # when alerts were last evaluated
        "alert_groups",  # what whoever runs the platform knows of alerts; a business is named, nobody's rows
        "alert_instances",
        "alert_notifications",
        "alert_silences",
        "alert_texts",  # texts to our own people on call
        "monitor_texts",  # what came to the number that monitors write from
        "metric_tallies",  # what all processes counted together
        "backup_drills",  # restores for proof
        "backups",  # what was taken of the whole database
        "breakers",  # health of our numbers at their carriers
        "delivery_switches",  # the kill switches, read at every gate
        "global_do_not_contact",  # whom no business may text
        "job_schedules",
        "api_allowances",  # until when each token, person and business has used up its requests
        "live_processes",
        "login_attempts",
        "number_paces",  # when each of our numbers may send its next marketing segment
        "passed_gates",  # what the gates say of any text that passes them all: rules, nobody's rows
        "parked_receipts",  # receipts of texts that nobody is known to have sent yet
        "provider_shares",  # how much of the marketing each provider gets
        "segment_prices",  # what a segment costs at whose network
        "ring_keys",  # keys that sign what outlives SECRET_KEY, sealed
        "sender_opt_outs",  # a STOP to one of our numbers holds for whoever uses it
        "sessions",
        "system_epochs",  # which server may send, read at every gate
        "users",
        "totp_factors",  # what people prove themselves with, before it is known whose business it is
        "recovery_codes",
        "passkeys",
        "used_challenges",
        "sign_ups",  # who wants in and has not confirmed their address yet
        "half_logins",
        "password_resets",
        "wal_streams",  # how the second copy of the log stands
        "webhook_cursors",  # how far the outbox has been read for all endpoints
    }


async def test_the_roles_own_nothing_and_can_do_nothing_special(owner: asyncpg.Connection) -> None:
    for role in ROLES:
        row = await owner.fetchrow(
            "select rolsuper, rolbypassrls, rolcreatedb, rolcreaterole, rolreplication"
            " from pg_roles where rolname = $1",
            role,
        )
        assert row is not None
        assert not any(row.values()), (role, row)
        owned = await owner.fetchval(
            "select count(*) from pg_shdepend where refobjid = (select oid from pg_roles where rolname = $1)"
            " and deptype = 'o'",
            role,
        )
        assert owned == 0
        groups = await owner.fetchval(
            "select count(*) from pg_auth_members where member = (select oid from pg_roles where rolname = $1)", role
        )
        assert groups == 0, f"{role} inherits rights from another role"


async def test_nobody_but_the_two_roles_has_rights_on_tables(owner: asyncpg.Connection) -> None:
    rows = await owner.fetch(
        "select table_name, grantee, privilege_type from information_schema.role_table_grants"
        " where table_schema = 'public' and grantee not in ('frontdesk_app', 'frontdesk_system', current_user)"
    )
    assert not rows


async def test_the_app_role_may_not_empty_or_alter_tables(owner: asyncpg.Connection) -> None:
    rows = await owner.fetch(
        "select table_name, grantee, privilege_type from information_schema.role_table_grants where table_schema ="
        " 'public' and grantee = any($1::text[]) and privilege_type in ('TRUNCATE', 'REFERENCES', 'TRIGGER')",
        list(ROLES),
    )
    assert not rows


async def test_no_function_runs_as_its_owner_and_no_view_sees_more_than_its_reader(owner: asyncpg.Connection) -> None:
    raised = await owner.fetch(
        "select proname from pg_proc join pg_namespace as space on space.oid = pronamespace"
        " where prosecdef and space.nspname = 'public'"
    )
    assert {row["proname"] for row in raised} == RUN_AS_OWNER
    views = await owner.fetch(
        "select relname, reloptions from pg_class join pg_namespace as space on space.oid = relnamespace"
        " where relkind in ('v', 'm') and space.nspname = 'public'"
    )
    assert all("security_invoker=true" in (row["reloptions"] or []) for row in views), views


async def count_rows(app: Database, table: str, tenant: UUID | None) -> int:
    """Count what the application sees of a table."""
    async with app.transaction(tenant) as tx:
        seen = await tx.fetchval(f"select count(*) from {table}")  # noqa: S608 - a name from the catalogue
    return int(str(seen))


async def test_without_a_tenant_the_app_sees_nothing_and_with_one_only_its_own(
    database_url: str, two_tenants: dict[str, str]
) -> None:
    app = await as_app(database_url)
    try:
        for table, column in two_tenants.items():
            if table in SYSTEM_ONLY:
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    await count_rows(app, table, ADA)
                continue
            assert await count_rows(app, table, None) == 0, table
            assert await count_rows(app, table, UUID(int=1)) == 0, table
            async with app.transaction(MALLORY) as tx:
                rows = await tx.fetch(f"select {column} as whose from {table}")  # noqa: S608 - names from the catalogue
            assert [row["whose"] for row in rows] == [MALLORY], table
    finally:
        await app.close()


async def app_may(owner: asyncpg.Connection, right: str, table: str) -> bool:
    """Tell whether the app role has a right on a table at all."""
    return bool(await owner.fetchval("select has_table_privilege('frontdesk_app', $1, $2)", table, right))


async def test_no_row_can_be_written_for_another_tenant(
    database_url: str, owner: asyncpg.Connection, two_tenants: dict[str, str]
) -> None:
    app = await as_app(database_url)
    tried = 0
    try:
        for table, column in two_tenants.items():
            if not await app_may(owner, "INSERT", table):
                continue
            statement, values = await made_up_row(owner, table, column, ADA)
            with pytest.raises(asyncpg.InsufficientPrivilegeError, match="row-level security"):
                async with app.transaction(MALLORY) as tx:
                    await tx.execute(statement, *values)
            tried += 1
    finally:
        await app.close()
    assert tried > 15


async def test_no_row_can_be_moved_to_another_tenant(
    database_url: str, owner: asyncpg.Connection, two_tenants: dict[str, str]
) -> None:
    app = await as_app(database_url)
    tried = 0
    try:
        for table, column in two_tenants.items():
            if await app_may(owner, "UPDATE", table):
                statement = f"update {table} set {column} = $1"  # noqa: S608 - the catalogue's names
                with pytest.raises(asyncpg.InsufficientPrivilegeError, match=r"row-level security|a chain head only"):
                    async with app.transaction(MALLORY) as tx:
                        await tx.execute(statement, ADA)
                tried += 1
    finally:
        await app.close()
    assert tried > 8


async def test_nothing_of_another_tenant_can_be_changed_or_deleted(
    database_url: str, owner: asyncpg.Connection, two_tenants: dict[str, str]
) -> None:
    app = await as_app(database_url)
    tried = 0
    try:
        for table, column in two_tenants.items():
            if await app_may(owner, "DELETE", table):
                async with app.transaction(MALLORY) as tx:
                    tag = await tx.execute(f"delete from {table} where {column} = $1", ADA)  # noqa: S608 - the catalogue's
                assert tag == "DELETE 0", table
                tried += 1
    finally:
        await app.close()
    assert tried > 5
    for table, column in two_tenants.items():
        kept = await owner.fetchval(f"select count(*) from {table} where {column} = $1", ADA)  # noqa: S608 - the same
        assert kept == 1, table


async def test_a_thousand_interleaved_transactions_on_two_connections_never_see_a_strangers_row(
    database_url: str, two_tenants: dict[str, str]
) -> None:
    assert two_tenants["contacts"] == "tenant_id"
    app = await as_app(database_url, max_size=2)
    choose = random.Random(7)
    seen: list[tuple[UUID | None, set[UUID]]] = []

    async def look(tenant: UUID | None, *, fail: bool) -> None:
        try:
            async with app.transaction(tenant) as tx:
                first = await tx.fetch("select tenant_id from contacts")
                await asyncio.sleep(0)
                again = await tx.fetch("select tenant_id from conversations")
                seen.append((tenant, {row["tenant_id"] for row in (*first, *again)}))
                if fail:
                    undo()
        except Undone:
            return

    try:
        await asyncio.gather(
            *(look(choose.choice((ADA, MALLORY, None)), fail=choose.random() < 0.2) for _ in range(1000))
        )
    finally:
        await app.close()
    assert len(seen) == 1000
    assert {tenant for tenant, _ in seen} == {ADA, MALLORY, None}
    strangers = [(tenant, whose) for tenant, whose in seen if whose != ({tenant} if tenant else set())]
    assert not strangers


async def test_the_tenant_of_a_transaction_is_forgotten_when_it_ends(database_url: str) -> None:
    app = await as_app(database_url, max_size=1)
    try:
        async with app.transaction(ADA) as tx:
            assert await tx.fetchval("select current_setting('app.tenant_id', true)") == str(ADA)
        async with app.transaction() as tx:
            assert await tx.fetchval("select current_setting('app.tenant_id', true)") == ""
    finally:
        await app.close()


async def test_the_app_cannot_step_up_to_another_role_that_sees_more(database_url: str) -> None:
    """A session's own login may hold both roles; what `frontdesk_app` itself is granted must not lead further."""
    connection = await asyncpg.connect(database_url)
    try:
        reachable = await connection.fetch(
            "select rolname from pg_roles where rolname <> 'frontdesk_app'"
            " and pg_has_role('frontdesk_app', oid, 'member') and not rolsuper"
        )
    finally:
        await connection.close()
    assert not reachable
