"""Remedies of sending change what they say and nothing else, and leave a record."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from frontdesk.features import senders
from frontdesk.features.delivery.queries import spoiling
from frontdesk.features.delivery.queries.spoiling import SpoiledText
from frontdesk.kernel.upkeep import Finding, Order
from frontdesk.operations.checking.registry import get_check, get_remedy
from frontdesk.operations.drills import Stage, get_break
from tests.support.actors import TEST_ACTS
from tests.support.office import ADAS_NUMBER, CAROL, Office

ORDER = Order(by=TEST_ACTS, reason="a test")


async def seen_by(office: Office, name: str) -> Finding:
    async with office.parts.system.transaction() as tx:
        return await get_check(name).look(tx)


async def remedy(office: Office, name: str) -> str:
    async with office.parts.system.transaction() as tx:
        return await get_remedy(name).act(tx, ORDER)


async def write(office: Office, statement: str, *arguments: object) -> None:
    async with office.login.transaction() as tx:
        await tx.execute(statement, *arguments)


async def test_a_number_that_was_retired_or_blocked_by_hand_is_nothing_to_worry_about(office: Office) -> None:
    async with office.parts.app.transaction(office.ada.id) as tx:
        [number] = await senders.list_numbers(tx)
        await senders.change_number(tx, number_id=number.id, change={"texting_allowed": False}, by=TEST_ACTS)
    assert (await seen_by(office, "delivery.numbers_may_text")).is_well
    assert "no number was blocked" in await remedy(office, "delivery.allow_numbers")
    async with office.parts.app.transaction(office.ada.id) as tx:
        await senders.retire_number(tx, number_id=number.id, by=TEST_ACTS)
    assert (await seen_by(office, "delivery.numbers_may_text")).is_well
    assert await office.fetchval("select texting_allowed from sending_numbers where id = $1", number.id) is False


async def test_marketing_moves_to_the_carrier_that_works(office: Office) -> None:
    campaign_id = await _waiting_marketing(office)
    opened = "insert into breakers (provider, sender_e164, opened_at, updated_at) values ('twilio', $1, now(), now())"
    await write(office, opened, ADAS_NUMBER)
    assert await remedy(office, "delivery.move_marketing") == "0 marketing texts leave through another carrier"
    async with office.parts.app.transaction(office.ada.id) as tx:
        await senders.add_number(tx, phone_e164="+12125550101", provider="telnyx")
    await write(office, "update send_streams set senders = array[$1, $2]", ADAS_NUMBER, "+12125550101")
    assert await remedy(office, "delivery.move_marketing") == "1 marketing texts leave through another carrier"
    assert (
        await office.fetchval("select sender_e164 from send_jobs where campaign_id = $1", campaign_id) == "+12125550101"
    )


async def _waiting_marketing(office: Office) -> UUID:
    async with office.parts.system.transaction() as tx:
        number, campaign_id = await spoiling.get_number(tx), UUID(int=7)
        await spoiling.open_stream(tx, number, campaign_id)
        text = SpoiledText(
            made_at=tx.now,
            phone_e164=CAROL,
            status="queued",
            message_class="C3",
            available_at=tx.now,
            useful_until=tx.now + timedelta(hours=2),
            campaign_id=campaign_id,
        )
        await spoiling.add_text(tx, number, text)
    return campaign_id


async def test_a_useless_text_is_dropped_once_and_said_so(office: Office, stage: Stage) -> None:
    await get_break("delivery.useless_text").act(stage)
    assert not (await seen_by(office, "delivery.useless_texts_are_dropped")).is_well
    assert await remedy(office, "delivery.drop_useless") == "dropped 1 texts that are of no use any more"
    assert await remedy(office, "delivery.drop_useless") == "dropped 0 texts that are of no use any more"
    assert await office.fetchval("select failure_code from send_jobs") == "delivery.too_late"
    told = "select count(*)::int from outbox_events where name = 'delivery.text_progressed.v1'"
    assert await office.fetchval(told) == 1
    assert (await seen_by(office, "delivery.useless_texts_are_dropped")).is_well


async def test_a_forgotten_text_is_asked_of_every_gate_again(office: Office, stage: Stage) -> None:
    await get_break("delivery.forgotten_text").act(stage)
    assert not (await seen_by(office, "delivery.nothing_is_forgotten")).is_well
    assert "1 texts" in await remedy(office, "delivery.look_at_forgotten")
    await office.settle()
    decided = "select count(*)::int from send_decisions where rules_version <> 'drill'"
    assert await office.fetchval(decided) == 1
    assert (await seen_by(office, "delivery.nothing_is_forgotten")).is_well


async def test_doubt_that_nobody_looks_into_is_settled_by_the_carriers_list(office: Office, stage: Stage) -> None:
    await get_break("delivery.forgotten_doubt").act(stage)
    await office.reconcile()
    assert not (await seen_by(office, "delivery.doubt_is_cleared")).is_well
    for _ in range(3):
        await remedy(office, "delivery.ask_about_doubt")
        await office.reconcile()
    assert (await seen_by(office, "delivery.doubt_is_cleared")).is_well
    assert await office.fetchval("select status from send_jobs") == "dropped"
    assert await office.texts_to() == []


async def test_sending_does_not_go_on_while_people_who_opted_out_were_texted(office: Office, stage: Stage) -> None:
    await get_break("delivery.text_after_stop").act(stage)
    may_act = get_remedy("delivery.resume_sending").may_act
    assert may_act is not None
    async with office.parts.system.transaction() as tx:
        finding = await may_act(tx)
    assert not finding.is_well
    assert "opt-out" in finding.words


async def test_only_the_business_concerned_is_stopped_and_it_stays_so_until_a_person_releases_it(
    office: Office, stage: Stage
) -> None:
    await get_break("delivery.posted_twice").act(stage)
    assert "paused tenant" in await remedy(office, "delivery.stop_where_broken")
    assert await remedy(office, "delivery.stop_where_broken") == "nothing was left to pause"
    assert await office.fetchval("select count(*)::int from delivery_switches where paused_at is not null") == 1
    await write(office, "update delivery_switches set paused_at = null, changed_at = now() + interval '1 second'")
    assert (await seen_by(office, "delivery.broken_promises_stop_sending")).is_well
    assert not (await seen_by(office, "delivery.invariant_one_post")).is_well


async def test_a_switch_that_was_released_for_another_reason_forgives_no_broken_promise(
    office: Office, stage: Stage
) -> None:
    await get_break("delivery.posted_twice").act(stage)
    await write(
        office,
        "insert into delivery_switches (scope, key, reason, changed_at)"
        " values ('global', 'all', 'work on the database', now() + interval '1 second')",
    )
    assert not (await seen_by(office, "delivery.broken_promises_stop_sending")).is_well


async def test_a_budget_that_counts_what_was_reserved_is_left_alone(office: Office) -> None:
    await office.missed_call()
    await office.parts.courier.idle()
    await write(office, "update tenants set daily_budget_cents = 1.3")
    assert not (await seen_by(office, "delivery.budgets_last")).is_well
    assert (await seen_by(office, "delivery.spent_is_true")).is_well
    await remedy(office, "delivery.recount_spent")
    assert float(str(await office.fetchval("select max(daily_spent_cents) from budgets"))) == pytest.approx(1.3)


async def test_a_refusal_in_local_writing_joins_the_one_that_is_there_and_nonsense_is_left_to_a_person(
    office: Office,
) -> None:
    for phone, scope in ((CAROL, "marketing"), ("206-555-0123", "all"), ("ask the neighbours", "all")):
        await write(
            office,
            "insert into do_not_contact (tenant_id, phone_e164, scope, reason, since) values ($1, $2, $3, 'x', now())",
            office.ada.id,
            phone,
            scope,
        )
    assert "1 refusals are written in E.164 now; 1 are no number" in await remedy(office, "consent.correct_list")
    rows = "select string_agg(phone_e164 || ' ' || scope, '; ' order by phone_e164) from do_not_contact"
    assert await office.fetchval(rows) == "+12065550123 all; ask the neighbours all"


async def test_nobody_who_came_back_by_their_own_word_is_put_on_the_list(office: Office) -> None:
    for number, word in enumerate(("STOP", "START")):
        await office.text_in(word, sid=f"SM{number:032x}")
    await office.settle()
    assert (await seen_by(office, "consent.invariant_list_agrees_with_ledger")).is_well
    assert await remedy(office, "consent.restore_refusals") == "0 refusals are on the list again"
    assert await office.fetchval("select count(*)::int from do_not_contact") == 0


async def test_every_campaign_is_paused_and_each_only_once(office: Office, stage: Stage) -> None:
    await get_break("campaigns.tripped").act(stage)
    await write(office, "update delivery_switches set paused_at = null")
    assert await remedy(office, "campaigns.pause_all") == "paused 1 campaigns"
    assert await remedy(office, "campaigns.pause_all") == "paused 0 campaigns"


async def test_a_missed_call_without_an_answer_is_seen(office: Office) -> None:
    await office.missed_call()
    await office.settle()
    assert (await seen_by(office, "textback.missed_calls_are_decided")).is_well
    await write(office, "delete from textbacks")
    office.clock.ahead = timedelta(minutes=5)
    finding = await seen_by(office, "textback.missed_calls_are_decided")
    assert (finding.is_well, finding.value) == (False, 1)


async def test_a_second_text_within_the_cool_down_is_seen(office: Office) -> None:
    await office.missed_call()
    await office.settle()
    assert (await seen_by(office, "textback.invariant_one_text")).is_well
    await write(
        office,
        "insert into calls (id, tenant_id, provider, provider_call_id, caller_e164, called_e164, status, missed_at,"
        " started_at, updated_at) select 'ffffffff-ffff-7fff-bfff-ffffffffffff', tenant_id, provider, 'CA3',"
        " caller_e164, called_e164, status, missed_at, started_at, updated_at from calls limit 1",
    )
    await write(
        office,
        "insert into textbacks (call_id, tenant_id, outcome, reason, decided_at)"
        " select 'ffffffff-ffff-7fff-bfff-ffffffffffff', tenant_id, 'texting', '', decided_at + interval '5 seconds'"
        " from textbacks limit 1",
    )
    finding = await seen_by(office, "textback.invariant_one_text")
    assert (finding.is_well, finding.value) == (False, 1)
