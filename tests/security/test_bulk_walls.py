"""Ways around row-level security that need no missing filter: copies, errors, keys, plans and other roles."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator

import asyncpg
import pytest

from frontdesk.kernel.db import Database, Role
from tests.support.house import ADA, MALLORY, House
from tests.support.office import ADAS_NUMBER

SECRET_NAME = "Carol Canary Vandermeer"
PHONE = "+12065550123"


@pytest.fixture
async def mallorys_session(house: House, database_url: str) -> AsyncIterator[asyncpg.Connection]:
    """Lend a connection of the app's role that speaks for Mallory, while Ada knows somebody by name."""
    ada = await house.as_person(ADA)
    assert (await ada.post("/api/contacts", json={"phone": PHONE, "name": SECRET_NAME})).status_code == 201
    connection = await asyncpg.connect(database_url, server_settings={"role": "frontdesk_app"})
    await connection.execute("select set_config('app.tenant_id', $1, false)", str(house.mallory.id))
    yield connection
    await connection.close()


async def test_a_copy_holds_nothing_of_another_tenant(mallorys_session: asyncpg.Connection) -> None:
    tables = await mallorys_session.fetch(
        "select relname from pg_class where relrowsecurity and has_table_privilege(oid, 'select') and relkind = 'r'"
    )
    assert len(tables) > 30
    for row in tables:
        file = io.BytesIO()
        try:
            await mallorys_session.copy_from_table(row["relname"], output=file)
        except asyncpg.InsufficientPrivilegeError:
            continue  # some columns are not for this role
        assert SECRET_NAME.encode() not in file.getvalue(), row["relname"]
        assert PHONE.encode() not in file.getvalue(), row["relname"]


async def test_nothing_is_copied_in_past_the_policies(house: House, mallorys_session: asyncpg.Connection) -> None:
    rows = f"{house.ada.id}\tbudget\n".encode()
    with pytest.raises((asyncpg.FeatureNotSupportedError, asyncpg.InsufficientPrivilegeError)):
        await mallorys_session.copy_to_table("contact_tags", source=io.BytesIO(rows), columns=["tenant_id", "tag"])


@pytest.mark.parametrize(
    "question",
    [
        "select id from contacts where name::int = 1",
        "select id from contacts where 1 / (length(name) - length(name)) = 1",
        "select id from contacts where name ~ ('(' || name)",
        "select id from contacts where to_date(name, 'YYYY') is null",
        "select count(*) from contacts where name::uuid is not null",
    ],
)
async def test_no_error_tells_of_a_row_that_is_not_ones_own(
    mallorys_session: asyncpg.Connection, question: str
) -> None:
    """Each of them fails on any name that it sees; a condition that ran before the policy would show one."""
    assert [tuple(row.values()) for row in await mallorys_session.fetch(question)] in ([], [(0,)])


async def test_a_key_that_is_taken_elsewhere_names_nobody(house: House, mallorys_session: asyncpg.Connection) -> None:
    taken = (
        "insert into sending_numbers (id, tenant_id, phone_e164, provider, created_at)"
        " values (gen_random_uuid(), $1, $2, 'twilio', now())"
    )
    with pytest.raises(asyncpg.UniqueViolationError) as refused:
        await mallorys_session.execute(taken, house.mallory.id, ADAS_NUMBER)
    assert str(house.ada.id) not in f"{refused.value} {refused.value.detail}"
    mallory = await house.as_person(MALLORY)
    answer = await mallory.post("/api/sending-numbers", json={"phone_e164": ADAS_NUMBER})
    assert answer.status_code == 409
    assert str(house.ada.id) not in answer.text
    assert house.ada.name not in answer.text


async def test_plans_and_statistics_show_no_value_of_another_tenant(
    house: House, mallorys_session: asyncpg.Connection, database_url: str
) -> None:
    owner = await asyncpg.connect(database_url)
    await owner.execute("analyze contacts")
    await owner.close()
    seen = await mallorys_session.fetch("select most_common_vals::text, histogram_bounds::text from pg_stats")
    assert not [row for row in seen if SECRET_NAME in str(tuple(row)) or PHONE in str(tuple(row))]
    plan = await mallorys_session.fetch("explain (analyze, verbose, costs off, timing off) select name from contacts")
    assert SECRET_NAME not in str(plan)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await mallorys_session.fetch("select starelid from pg_statistic")
    shown = await mallorys_session.fetch("select query from pg_stat_activity where usename <> current_user")
    assert not [row for row in shown if row["query"] and SECRET_NAME in row["query"]]
    assert house.ada.id != house.mallory.id


async def test_the_app_makes_no_function_view_or_table_through_which_to_look(
    mallorys_session: asyncpg.Connection,
) -> None:
    for attempt in (
        "create function leak(text) returns bool language sql cost 0.0001 as 'select true'",
        "create view leak as select name from contacts",
        "create table leak as select name from contacts",
        "alter table contacts disable row level security",
        "create policy leak on contacts using (true)",
        "set row_security = off; select name from contacts",
    ):
        async with mallorys_session.transaction():
            with pytest.raises((asyncpg.InsufficientPrivilegeError, asyncpg.PostgresSyntaxError)):
                async with mallorys_session.transaction():
                    await mallorys_session.execute(attempt)


async def test_a_temporary_table_and_a_cursor_see_no_more(mallorys_session: asyncpg.Connection) -> None:
    async with mallorys_session.transaction():
        cursor = await mallorys_session.cursor("select name from contacts")
        assert await cursor.fetch(10) == []


async def test_counts_and_searches_of_one_business_know_nothing_of_another(house: House) -> None:
    ada, mallory = await house.as_person(ADA), await house.as_person(MALLORY)
    assert (await ada.post("/api/contacts", json={"phone": PHONE, "name": SECRET_NAME})).status_code == 201
    for words in (SECRET_NAME, "Canary", PHONE, "%", "_", ""):
        assert len((await ada.get("/api/contacts", params={"q": words})).json()["items"]) <= 1
        assert (await mallory.get("/api/contacts", params={"q": words})).json()["items"] == []
    everybody = {"filter": {"where": "known", "what": "name"}}
    assert (await ada.post("/api/segments/preview", json=everybody)).json()["people"] == 1
    assert (await mallory.post("/api/segments/preview", json=everybody)).json()["people"] == 0


async def test_a_tenant_that_is_named_badly_is_nobody(database_url: str, house: House) -> None:
    connection = await asyncpg.connect(database_url, server_settings={"role": "frontdesk_app"})
    for name in ("", " ", "*", "%", "null", str(house.ada.id) + "'", f"{house.ada.id} or true"):
        await connection.execute("select set_config('app.tenant_id', $1, false)", name)
        try:
            assert await connection.fetch("select id from contacts") == []
        except asyncpg.DataError:
            continue
    await connection.close()
    app = await Database.open(database_url, role=Role.APP, clock=house.parts.clock)
    async with app.transaction() as tx:
        assert await tx.fetch("select id from tenants") == []
    await app.close()
