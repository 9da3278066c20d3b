"""The inbox reads by its indexes whatever a business has: nothing is sorted, counted or looked through in full."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from uuid import UUID

import pytest

from frontdesk.features import tenants
from frontdesk.features.conversations import View
from frontdesk.features.conversations.queries import history, inbox, search
from frontdesk.features.conversations.service import inbox as service
from frontdesk.kernel.clock import DatabaseClock
from frontdesk.kernel.db import Database, Role
from frontdesk.kernel.ids import new_id
from tests.support.actors import TEST_ACTS
from tests.support.office import business

PEOPLE, TEXTS = 20_000, 24_000
FILL_PEOPLE = """
    insert into contacts (id, tenant_id, phone_e164, name, created_at)
    select gen_random_uuid(), $1, '+1206' || (5550000 + n), 'Person ' || n, now() from generate_series(1, $2::int) as n
"""
FILL_THREADS = """
    insert into conversations (id, tenant_id, contact_id, last_message_at, last_inbound_at, created_at, status)
    select gen_random_uuid(), $1, id, now() - random() * interval '90 days', now(), now(),
           case when random() < 0.9 then 'done' else 'open' end
    from contacts where tenant_id = $1 limit 4000
"""
FILL_TEXTS = """
    insert into conv_messages (id, tenant_id, conversation_id, direction, body, sender_e164, recipient_e164, created_at)
    select gen_random_uuid(), $1, thread.id, 'inbound',
           'please call me about visit ' || n || case when n % 997 = 0 then ' boiler' else '' end,
           '+12065550123', '+12125550100', now() - n * interval '1 minute'
    from generate_series(1, $2::int) as n
    join (select id, row_number() over () as place from conversations where tenant_id = $1) as thread
      on thread.place = 1 + n % 4000
"""
NOW = datetime(2099, 1, 1, tzinfo=UTC)
LAST = UUID(int=2**128 - 1)


class Desk:
    """One business with many threads, as the app and as the system see it."""

    def __init__(self, app: Database, system: Database, tenant: UUID) -> None:
        self.app, self.system, self.tenant = app, system, tenant

    async def plan(self, statement: str, *arguments: object, as_system: bool = False) -> str:
        """Explain how a statement is run; as the system, whether it can do without looking through a table at all."""
        database = self.system if as_system else self.app
        async with database.transaction(self.tenant) as tx:
            if as_system:
                await tx.execute("set local enable_seqscan = off")
            await tx.execute("set local plan_cache_mode = force_generic_plan")
            explained = await tx.fetchval("explain (format json) " + statement, *arguments)
            return json.dumps(json.loads(str(explained)))


def looked_through(plan: str) -> set[str]:
    """Name the tables that a plan reads from end to end."""
    found: set[str] = set()

    def look(node: dict[str, object]) -> None:
        if node["Node Type"] == "Seq Scan":
            found.add(str(node["Relation Name"]))
        plans = node.get("Plans", [])
        for child in plans if isinstance(plans, list) else []:
            look(child)

    look(json.loads(plan)[0]["Plan"])
    return found


@pytest.fixture
async def desk(database_url: str) -> AsyncIterator[Desk]:
    """Fill a business."""
    async with AsyncExitStack() as stack:
        opened = {}
        for role in (Role.APP, Role.SYSTEM, Role.LOGIN):
            opened[role] = await Database.open(database_url, role=role, clock=DatabaseClock())
            stack.push_async_callback(opened[role].close)
        ada = business(name="Harbor Plumbing", slug="harbor")
        async with opened[Role.LOGIN].transaction() as tx:
            await tx.execute("set local session_replication_role = replica")
            await tx.execute(FILL_PEOPLE, ada.id, PEOPLE)
            await tx.execute(FILL_THREADS, ada.id)
            await tx.execute(FILL_TEXTS, ada.id, TEXTS)
            await tx.execute("analyze contacts, conversations, conv_messages")
        async with opened[Role.SYSTEM].transaction(ada.id) as tx:
            await tenants.create_tenant(tx, ada, by=TEST_ACTS)
        yield Desk(opened[Role.APP], opened[Role.SYSTEM], ada.id)


async def test_every_view_of_the_inbox_is_walked_along_an_index(desk: Desk) -> None:
    place = (desk.tenant, NOW, LAST, 40)
    walks = {
        "conversations_latest": await desk.plan(inbox.PICK_ALL, *place),
        "conversations_by_status": await desk.plan(inbox.PICK_BY_STATUS, *place, "open"),
        "conversations_by_member": await desk.plan(inbox.PICK_MINE, *place, new_id()),
    }
    for index, plan in walks.items():
        assert index in plan, plan
        assert not looked_through(plan), plan
        assert '"Sort"' not in plan, plan
    for statement, more in ((inbox.PICK_UNASSIGNED, ()), (inbox.PICK_UNREAD, (new_id(),))):
        plan = await desk.plan(statement, *place, *more)
        assert "conversations" not in looked_through(plan), plan
    counted = await desk.plan(inbox.COUNT_VIEWS, desk.tenant, new_id())
    assert counted.count('"Node Type": "Limit"') >= 5, counted


async def test_a_persons_timeline_reads_no_others_texts(desk: Desk) -> None:
    plan = await desk.plan(history.LIST_HAPPENINGS, desk.tenant, new_id(), new_id(), "+12065550123", NOW, LAST, 40)
    assert "conv_messages_of_thread" in plan, plan
    assert "conv_messages" not in looked_through(plan), plan


async def test_words_and_people_are_looked_up_in_the_indexes_of_words(desk: Desk) -> None:
    words = await desk.plan(search.FIND_WORDS, desk.tenant, "boiler", NOW, LAST, 30, as_system=True)
    assert "conv_messages_words" in words, words
    people = await desk.plan(search.FIND_PEOPLE, desk.tenant, "%person 39%", "%person 39%", 6, as_system=True)
    assert "contacts_words" in people, people


async def test_pages_of_a_view_follow_each_other_without_gap_or_repeat(desk: Desk) -> None:
    seen: list[UUID] = []
    before: tuple[datetime, UUID] | None = None
    async with desk.app.transaction(desk.tenant) as tx:
        counts = await service.count_views(tx, reader=None)
        while lines := await service.list_lines(tx, View.OPEN, reader=None, before=before, limit=100):
            seen += [one.id for one in lines]
            before = (lines[-1].last_message_at, lines[-1].id)
    assert counts.open == 100
    assert len(seen) == len(set(seen)) > 200
