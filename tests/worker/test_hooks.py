"""Programs outside are told of what happened: signed, at least once, tried again, and never at others' expense."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from frontdesk.features.calls.events import CallAnswered
from frontdesk.features.tenants import Tenant
from frontdesk.kernel import hooks
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.hooks import Delivery, DeliveryStatus, Endpoint, Sealer
from frontdesk.kernel.hooks.model import DISABLE_AFTER, MAX_ENDPOINTS
from frontdesk.kernel.ids import new_id
from frontdesk.providers.hooks import HookClient
from frontdesk.worker.hooks import ROOM, Herald
from tests.support.actors import ADA_ACTS
from tests.support.office import Office, open_office
from tests.support.receiver import Message, Receiver, receiving

ANSWERED = CallAnswered.name
SEALER = Sealer("a key of the test's own")
KNOWN = frozenset({ANSWERED, hooks.DeliveryExhausted.name, hooks.EndpointDisabled.name})


@dataclass
class Outside:
    """An office, a herald of its worker, and a program that is told."""

    office: Office
    herald: Herald
    receiver: Receiver

    def hire(self) -> Herald:
        """Make another worker's herald."""
        return Herald(
            system=self.office.parts.system,
            sender=HookClient(allow_loopback=True),
            sealer=SEALER,
            process_id=new_id(),
            clock=self.office.clock,
            chance=random.Random(7),
        )

    async def listen(self, *names: str, url: str | None = None, tenant: Tenant | None = None) -> Endpoint:
        """Add an endpoint of Ada's, or of another business."""
        async with self.office.parts.app.transaction((tenant or self.office.ada).id) as tx:
            return await hooks.add_endpoint(
                tx,
                SEALER,
                url=url or self.receiver.url,
                description="",
                event_names=frozenset(names or {ANSWERED}),
                known_names=KNOWN,
                allow_loopback=True,
                actor=ADA_ACTS,
            )

    async def happen(self, count: int = 1, *, tenant: Tenant | None = None) -> list[UUID]:
        """Let something happen in a business."""
        async with self.office.parts.app.transaction((tenant or self.office.ada).id) as tx:
            return [tx.announce(CallAnswered(call_id=uuid4())) for _ in range(count)]

    async def deliveries(self, endpoint: Endpoint) -> list[Delivery]:
        """List what an endpoint was told."""
        async with self.office.parts.app.transaction(endpoint.tenant_id) as tx:
            return await hooks.list_deliveries(tx, endpoint_id=endpoint.id, before=None, limit=200)

    async def endpoint(self, endpoint: Endpoint) -> Endpoint:
        """Read an endpoint anew."""
        async with self.office.parts.app.transaction(endpoint.tenant_id) as tx:
            return await hooks.get_endpoint(tx, endpoint_id=endpoint.id)

    async def secret(self, endpoint: Endpoint) -> str:
        """Open an endpoint's secret."""
        async with self.office.parts.app.transaction(endpoint.tenant_id) as tx:
            return await hooks.read_secret(tx, SEALER, endpoint_id=endpoint.id)

    async def announced(self, name: str) -> list[dict[str, object]]:
        """List the events of a name in the outbox."""
        async with self.office.login.transaction() as tx:
            rows = await tx.fetch(
                "select tenant_id, payload ->> 'endpoint_id' as endpoint_id from outbox_events where name = $1", name
            )
        return [dict(row) for row in rows]


@pytest.fixture
async def outside(database_url: str, home: Path) -> AsyncIterator[Outside]:
    """Open an office, a receiver, and a herald between them."""
    async with open_office(database_url, home) as office, receiving() as receiver:
        found = Outside(office, None, receiver)  # type: ignore[arg-type]  # hired in the next line
        found.herald = found.hire()
        yield found
        await found.herald.close()


async def test_whoever_listens_is_told_once_and_can_tell_who_said_it(outside: Outside) -> None:
    endpoint = await outside.listen()
    [event_id] = await outside.happen()
    await outside.herald.settle_all()
    [message] = outside.receiver.got
    assert (message.type, message.id) == (ANSWERED, f"msg_{event_id.hex}")
    assert message.is_signed_with(await outside.secret(endpoint))
    assert not message.is_signed_with(hooks.new_secret())
    assert abs(message.timestamp - outside.office.clock.now().timestamp()) < 60
    [delivery] = await outside.deliveries(endpoint)
    assert (delivery.status, delivery.attempts, delivery.last_status_code) == (DeliveryStatus.DELIVERED, 1, 200)
    assert [one.outcome for one in delivery.tries] == ["delivered"]
    await outside.herald.settle_all()
    assert len(outside.receiver.got) == 1


async def test_nobody_is_told_what_they_do_not_listen_to_or_what_happened_before_or_elsewhere(
    outside: Outside,
) -> None:
    await outside.happen()
    await outside.listen(hooks.EndpointDisabled.name)
    await outside.happen()
    await outside.happen(tenant=outside.office.mallory)
    await outside.herald.settle_all()
    assert outside.receiver.got == []


async def test_what_commits_late_is_told_all_the_same(outside: Outside) -> None:
    """A transaction that began long before others commits after the cursor has passed its moment."""
    endpoint = await outside.listen()
    async with outside.office.parts.app.transaction(outside.office.ada.id) as late:
        late.announce(CallAnswered(call_id=uuid4()))
        await outside.happen()
        outside.office.clock.ahead = timedelta(seconds=30)
        await outside.herald.settle_all()
        assert len(outside.receiver.got) == 1
    outside.office.clock.ahead = timedelta(seconds=95)
    await outside.herald.settle_all()
    assert len(outside.receiver.got) == 2
    assert len(await outside.deliveries(endpoint)) == 2


async def test_a_failing_endpoint_is_tried_by_the_table_and_then_given_up_with_an_event(outside: Outside) -> None:
    endpoint, watcher = await outside.listen(), await outside.listen(hooks.DeliveryExhausted.name)
    outside.receiver.status = 500
    await outside.happen()
    start = outside.office.clock.now()

    def tries() -> list[Message]:
        return [message for message in outside.receiver.got if message.type == ANSWERED]

    for number, wait in enumerate(hooks.RETRY_AFTER):
        if wait:
            outside.office.clock.ahead += wait / 2
            await outside.herald.settle_all()
            assert len(tries()) == number, "nothing comes before its time"
        outside.office.clock.ahead += wait * 0.6
        await outside.herald.settle_all()
        assert len(tries()) == number + 1
    assert outside.office.clock.now() - start < timedelta(hours=31)
    [delivery] = await outside.deliveries(endpoint)
    assert (delivery.status, delivery.attempts) == (DeliveryStatus.EXHAUSTED, 8)
    assert [one.status_code for one in delivery.tries] == [500] * 8
    assert len({message.id for message in tries()}) == 1
    assert len({message.body for message in tries()}) == 1
    assert await outside.announced(hooks.DeliveryExhausted.name) == [
        {"tenant_id": outside.office.ada.id, "endpoint_id": str(endpoint.id)}
    ]
    outside.receiver.status = 200
    await outside.herald.settle_all()
    assert [one.event_name for one in await outside.deliveries(watcher)] == [hooks.DeliveryExhausted.name]


async def test_a_redirect_is_a_failure_and_is_not_followed(outside: Outside) -> None:
    endpoint = await outside.listen()
    outside.receiver.status = 302
    await outside.happen()
    await outside.herald.settle_all()
    [delivery] = await outside.deliveries(endpoint)
    assert (delivery.status, delivery.last_outcome, delivery.last_status_code) == ("pending", "redirected", 302)


async def test_an_endpoint_that_fails_for_five_days_is_disabled_with_an_event_and_starts_anew_when_enabled(
    outside: Outside,
) -> None:
    endpoint = await outside.listen()
    outside.receiver.status = 503
    await outside.happen()
    await outside.herald.settle_all()
    outside.office.clock.ahead = DISABLE_AFTER - timedelta(hours=1)
    await outside.herald.settle_all()
    assert (await outside.endpoint(endpoint)).disabled_at is None
    outside.office.clock.ahead = DISABLE_AFTER + timedelta(hours=1)
    await outside.herald.settle_all()
    disabled = await outside.endpoint(endpoint)
    assert (disabled.disabled_at is not None, disabled.disabled_because) == (True, "failing")
    assert [one["endpoint_id"] for one in await outside.announced(hooks.EndpointDisabled.name)] == [str(endpoint.id)]
    told = len(outside.receiver.got)
    await outside.happen()
    outside.office.clock.ahead += timedelta(days=1)
    await outside.herald.settle_all()
    assert len(outside.receiver.got) == told
    outside.receiver.status = 200
    async with outside.office.parts.app.transaction(endpoint.tenant_id) as tx:
        enabled = await hooks.change_endpoint(
            tx, endpoint_id=endpoint.id, actor=ADA_ACTS, known_names=KNOWN, allow_loopback=True, enabled=True
        )
    assert (enabled.disabled_at, enabled.failing_since_at) == (None, None)
    await outside.happen()
    await outside.herald.settle_all()
    assert [one.status for one in await outside.deliveries(endpoint)] == [DeliveryStatus.DELIVERED] * 2


async def test_one_success_ends_a_failing_spell(outside: Outside) -> None:
    endpoint = await outside.listen()
    outside.receiver.status = 500
    await outside.happen()
    await outside.herald.settle_all()
    assert (await outside.endpoint(endpoint)).failing_since_at is not None
    outside.receiver.status = 200
    outside.office.clock.ahead = timedelta(seconds=6)
    await outside.herald.settle_all()
    assert (await outside.endpoint(endpoint)).failing_since_at is None
    assert len(outside.receiver.got) == 2


async def test_whoever_says_that_they_are_gone_is_told_nothing_more(outside: Outside) -> None:
    endpoint = await outside.listen()
    outside.receiver.status = 410
    await outside.happen()
    await outside.herald.settle_all()
    assert (await outside.endpoint(endpoint)).disabled_because == "gone"


async def test_a_slow_endpoint_holds_up_nobody_else(outside: Outside) -> None:
    slow = await outside.listen()
    async with receiving() as quick:
        await outside.listen(url=quick.url, tenant=outside.office.mallory)
        outside.receiver.answers.clear()
        await outside.happen(50)
        await outside.herald.turn()
        await outside.office.eventually(lambda: _is(len(outside.receiver.got) == ROOM.per_endpoint))
        await outside.happen(20, tenant=outside.office.mallory)

        async def all_quick() -> bool:
            await outside.herald.turn()
            return len(quick.got) == 20

        await outside.office.eventually(all_quick)
        assert len(outside.receiver.got) == ROOM.per_endpoint
        outside.receiver.answers.set()
        await outside.herald.settle_all()
    assert len(outside.receiver.got) == 50
    assert all(one.status is DeliveryStatus.DELIVERED for one in await outside.deliveries(slow))


async def test_a_business_with_many_slow_endpoints_leaves_room_for_others(outside: Outside) -> None:
    for _ in range(6):
        await outside.listen()
    await outside.listen(tenant=outside.office.mallory)
    await outside.happen(50)
    await outside.happen(50, tenant=outside.office.mallory)
    async with outside.office.parts.system.transaction() as tx:
        await hooks.feed(tx)
        held = await hooks.claim_due(tx, owner=new_id(), limit=512, room=ROOM)
        again = await hooks.claim_due(tx, owner=new_id(), limit=512, room=ROOM)
    of_tenant = Counter(one.tenant_id for one in held)
    assert of_tenant == {outside.office.ada.id: ROOM.per_tenant, outside.office.mallory.id: ROOM.per_endpoint}
    assert max(Counter(one.endpoint_id for one in held).values()) == ROOM.per_endpoint
    assert again == []


async def test_an_endpoint_that_fails_has_room_for_one_try(outside: Outside) -> None:
    await outside.listen()
    outside.receiver.status = 500
    await outside.happen()
    await outside.herald.settle_all()
    await outside.happen(20)
    async with outside.office.parts.system.transaction() as tx:
        await hooks.feed(tx)
        assert len(await hooks.claim_due(tx, owner=new_id(), limit=512, room=ROOM)) == 1


async def test_another_business_sees_and_changes_nothing_even_without_asking_for_its_own(outside: Outside) -> None:
    await outside.listen()
    await outside.happen()
    await outside.herald.settle_all()
    async with outside.office.parts.app.transaction(outside.office.mallory.id) as tx:
        for table in ("webhook_endpoints", "webhook_deliveries", "webhook_attempts"):
            assert await tx.fetchval(f"select count(*) from {table}") == 0  # noqa: S608 - the names above
        assert await tx.execute("update webhook_deliveries set step = 0") == "UPDATE 0"
        assert await tx.execute("delete from webhook_endpoints") == "DELETE 0"
    for table in ("webhook_endpoints", "webhook_deliveries", "webhook_attempts"):
        assert await outside.office.fetchval(f"select count(*) from {table}") == 1  # noqa: S608 - the same


async def _is(truth: bool) -> bool:  # noqa: FBT001 - the answer itself
    return truth


async def test_two_workers_tell_everything_once_between_them(outside: Outside) -> None:
    await outside.listen()
    other = outside.hire()
    ids = await outside.happen(200)
    await asyncio.gather(outside.herald.settle_all(), other.settle_all())
    await other.close()
    assert sorted(message.id for message in outside.receiver.got) == sorted(hooks.header_id(one) for one in ids)


async def test_what_a_dead_worker_held_is_told_again_and_its_late_word_does_not_count(outside: Outside) -> None:
    endpoint = await outside.listen()
    await outside.happen()
    dead, held = new_id(), []
    async with outside.office.parts.system.transaction() as tx:
        await hooks.feed(tx)
        held = await hooks.claim_due(tx, owner=dead, limit=10, room=ROOM)
    await outside.herald.settle_all()
    assert outside.receiver.got == []
    outside.office.clock.ahead = timedelta(seconds=61)
    await outside.herald.settle_all()
    assert len(outside.receiver.got) == 1
    tried = hooks.Tried(
        claimed=held[0],
        ok=False,
        outcome="timed_out",
        status_code=None,
        started_at=outside.office.clock.now(),
        took_ms=1,
    )
    async with outside.office.parts.system.transaction() as tx:
        assert await hooks.settle(tx, owner=dead, tried=[tried], chance=random.Random(1)) == 0
    [delivery] = await outside.deliveries(endpoint)
    assert (delivery.status, len(delivery.tries)) == (DeliveryStatus.DELIVERED, 1)


async def test_a_worker_that_closes_gives_back_what_it_could_not_finish(outside: Outside) -> None:
    endpoint = await outside.listen()
    leaving = outside.hire()
    await outside.happen()
    async with outside.office.parts.system.transaction() as tx:
        await hooks.feed(tx)
    begun = asyncio.create_task(leaving.turn())
    outside.receiver.answers.clear()
    await begun
    await outside.office.eventually(lambda: _is(len(outside.receiver.got) == 1))
    outside.receiver.answers.set()
    await leaving.close()
    assert [one.status for one in await outside.deliveries(endpoint)] == [DeliveryStatus.DELIVERED]
    assert leaving.under_way == 0


async def test_after_a_rotation_both_secrets_sign_for_a_day_and_then_the_new_one_alone(outside: Outside) -> None:
    endpoint = await outside.listen()
    old = await outside.secret(endpoint)
    async with outside.office.parts.app.transaction(endpoint.tenant_id) as tx:
        await hooks.rotate_secret(tx, SEALER, endpoint_id=endpoint.id, actor=ADA_ACTS)
    new = await outside.secret(endpoint)
    for ahead, old_signs in ((timedelta(hours=23, minutes=59), True), (timedelta(hours=24, minutes=1), False)):
        outside.office.clock.ahead = ahead
        await outside.happen()
        await outside.herald.settle_all()
        message = outside.receiver.got[-1]
        assert (message.is_signed_with(old), message.is_signed_with(new)) == (old_signs, True)


async def test_what_is_replayed_comes_again_under_the_same_id(outside: Outside) -> None:
    endpoint = await outside.listen()
    since = outside.office.clock.now()
    await outside.happen(3)
    await outside.herald.settle_all()
    first = (await outside.deliveries(endpoint))[0]

    async def told_again(tx: Transaction) -> tuple[int, int]:
        await hooks.replay(tx, endpoint_id=endpoint.id, delivery_id=first.id, actor=ADA_ACTS)
        span = {"endpoint_id": endpoint.id, "since": since - timedelta(minutes=1), "until": None, "actor": ADA_ACTS}
        missed = await hooks.replay_since(tx, **span, delivered_too=False)  # type: ignore[arg-type]  # the span's fields
        everything = await hooks.replay_since(tx, **span, delivered_too=True)  # type: ignore[arg-type]  # the same
        return missed, everything

    outside.office.clock.ahead = timedelta(seconds=1)
    async with outside.office.parts.app.transaction(endpoint.tenant_id) as tx:
        assert await told_again(tx) == (1, 3)
    await outside.herald.settle_all()
    ids = [message.id for message in outside.receiver.got]
    assert (len(ids), len(set(ids))) == (6, 3)
    assert [one.attempts for one in await outside.deliveries(endpoint)] == [2, 2, 2]


async def test_a_secret_that_cannot_be_opened_signs_nothing_and_nothing_is_sent(outside: Outside) -> None:
    endpoint = await outside.listen()
    stranger = Herald(
        system=outside.office.parts.system,
        sender=HookClient(allow_loopback=True),
        sealer=Sealer("another installation's key"),
        process_id=new_id(),
        clock=outside.office.clock,
    )
    await outside.happen()
    await stranger.settle_all()
    await stranger.close()
    assert outside.receiver.got == []
    [delivery] = await outside.deliveries(endpoint)
    assert (delivery.status, delivery.last_outcome) == (DeliveryStatus.PENDING, "secret_unreadable")


async def test_old_deliveries_are_forgotten_with_their_tries(outside: Outside) -> None:
    endpoint = await outside.listen()
    await outside.happen()
    await outside.herald.settle_all()
    outside.office.clock.ahead = timedelta(days=31)
    newcomer = outside.hire()
    await newcomer.settle_all()
    await newcomer.close()
    assert await outside.deliveries(endpoint) == []
    assert await outside.office.fetchval("select count(*) from webhook_attempts") == 0


async def test_a_business_has_ten_endpoints_at_most(outside: Outside) -> None:
    made = await asyncio.gather(*(outside.listen() for _ in range(MAX_ENDPOINTS + 5)), return_exceptions=True)
    assert sum(isinstance(one, Endpoint) for one in made) == MAX_ENDPOINTS
    await outside.listen(tenant=outside.office.mallory)
