"""A campaign is rehearsed, approved as it was read, sent once to each, stopped at will, and explained."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import AsyncIterator
from datetime import datetime, time, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
import pytest_asyncio

from frontdesk.features import campaigns
from frontdesk.features.campaigns.model import CampaignStatus, Schedule, ScheduleMode, Variant, share_out
from frontdesk.kernel.errors import Refused
from tests.features.campaigns import stage
from tests.support.actors import TEST_ACTS
from tests.support.marketing import add_people, phones
from tests.support.office import Office, open_office


@pytest_asyncio.fixture
async def office(database_url: str, home: Path) -> AsyncIterator[Office]:
    async with open_office(database_url, home) as found:
        await stage.set_up(found, 20)
        yield found


async def test_a_campaign_goes_from_draft_to_done_and_everybody_gets_one_text(office: Office) -> None:
    campaign_id = await stage.begun(office)
    assert (await stage.read(office, campaign_id)).recipients == 20
    await stage.send_some(office)
    await stage.look_after(office)
    assert await stage.posted(office) == Counter(phones(20))
    ended = await stage.read(office, campaign_id)
    assert ended.status is CampaignStatus.COMPLETED
    async with office.parts.app.transaction(office.ada.id) as tx:
        lines = await campaigns.sum_results(tx, campaign_id=campaign_id)
    assert sum(line.people for line in lines) == 20
    assert sum(line.cost_cents for line in lines) == Decimal("1.3") * 20
    assert (await office.texts_to(phones(1)[0]))[0].startswith("Harbor Plumbing: hi Carol, winter check")


async def test_a_rehearsal_says_what_will_happen_and_sends_nothing(office: Office) -> None:
    async with office.parts.app.transaction(office.ada.id) as tx:
        await add_people(tx, phones(5, start=500), consent=False)
    campaign = await stage.create(office)
    summary = await stage.rehearse(office, campaign.id)
    assert summary["people"] == 25
    assert summary["would_leave"] == 20
    assert summary["by_verdict"] == {"send": 20, "bar": 5}
    assert Decimal(str(summary["cost_cents"])) == Decimal("1.3") * 20
    assert await stage.posted(office) == Counter()
    assert await stage.job_states(office) == Counter()


async def test_only_what_was_rehearsed_and_read_is_approved(office: Office) -> None:
    campaign = await stage.create(office)
    with pytest.raises(Refused) as refusal:
        await stage.approve(office, campaign.id)
    assert refusal.value.code == "campaigns.not_rehearsed"
    await stage.rehearse(office, campaign.id)
    async with office.parts.app.transaction(office.ada.id) as tx:
        changed = stage.draft(office, name="Another", variants=(Variant(name="A", body=stage.WORDS + " Hurry."),))
        await campaigns.change_campaign(tx, campaign_id=campaign.id, draft=changed, by=TEST_ACTS)
    async with office.parts.app.transaction(office.ada.id) as tx:
        with pytest.raises(Refused) as refusal:
            await campaigns.approve_campaign(
                tx, campaign_id=campaign.id, content_hash=campaign.content_hash, by=TEST_ACTS
            )
    assert refusal.value.code == "campaigns.changed_meanwhile"
    with pytest.raises(Refused) as refusal:
        await stage.start(office, campaign.id)
    assert refusal.value.code == "campaigns.not_approved"


@pytest.mark.parametrize(
    "words",
    [
        "Winter check for $49. Reply STOP to opt out.",
        "{{business}}: reply CANCEL to cancel your visit. Reply STOP to opt out.",
        "{{business}}: winter check for $49.",
    ],
)
async def test_words_that_law_or_carriers_forbid_are_not_approved(office: Office, words: str) -> None:
    campaign = await stage.create(office, variants=(Variant(name="A", body=words),))
    await stage.rehearse(office, campaign.id)
    with pytest.raises(Refused) as refusal:
        await stage.approve(office, campaign.id)
    assert refusal.value.code == "campaigns.words_refused"


async def test_starting_twice_and_a_worker_that_dies_between_two_batches_repeat_nobody(office: Office) -> None:
    campaign_id = await stage.begun(office)
    async with office.login.transaction() as tx:
        await tx.execute("update job_runs set state = 'queued' where workflow = 'campaigns.expand.v1'")
        await tx.execute("delete from job_steps where name <> 'people after the first'")
        await tx.execute("update campaigns set status = 'expanding' where id = $1", campaign_id)
    await stage.start(office, campaign_id)
    await stage.send_some(office)
    assert await stage.posted(office) == Counter(phones(20))


async def test_a_paused_campaign_sends_nothing_and_goes_on_where_it_stopped(office: Office) -> None:
    campaign_id = await stage.begun(office, per_minute=Decimal(60))
    await stage.send_some(office, turns=3)
    async with office.parts.app.transaction(office.ada.id) as tx:
        paused = await campaigns.pause_campaign(tx, campaign_id=campaign_id, by=TEST_ACTS, reason="wrong price")
    assert paused.paused
    before = await stage.posted(office)
    await stage.send_some(office, turns=3)
    assert await stage.posted(office) == before
    async with office.parts.app.transaction(office.ada.id) as tx:
        await campaigns.resume_campaign(tx, campaign_id=campaign_id, by=TEST_ACTS)
    await stage.send_some(office, turns=25)
    assert await stage.posted(office) == Counter(phones(20))


async def test_a_canceled_campaign_drops_what_has_not_left(office: Office) -> None:
    campaign_id = await stage.begun(office, per_minute=Decimal(60))
    await stage.send_some(office, turns=2)
    async with office.parts.app.transaction(office.ada.id) as tx:
        await campaigns.cancel_campaign(tx, campaign_id=campaign_id, by=TEST_ACTS)
    await stage.look_after(office)
    await stage.send_some(office, turns=3)
    states = await stage.job_states(office)
    assert states[("dropped", "campaign.ended")] == 20 - sum((await stage.posted(office)).values())
    assert ("queued", "") not in states


async def test_too_many_stops_pause_a_campaign_by_itself(office: Office) -> None:
    async with office.parts.app.transaction(office.ada.id) as tx:
        await add_people(tx, phones(60, start=200))
    campaign_id = await stage.begun(office, per_minute=Decimal(600))
    await stage.send_some(office, turns=30)
    texted = list(await stage.posted(office))
    assert 20 <= len(texted) < 80
    for number, phone in enumerate(texted[:4]):
        await office.text_in("STOP", sid=f"SM{number:032x}", sender=phone)
    await stage.look_after(office)
    tripped = await stage.read(office, campaign_id)
    assert tripped.paused
    assert "said STOP" in (tripped.tripped_because or "")
    before = await stage.posted(office)
    await stage.send_some(office, turns=3)
    assert await stage.posted(office) == before
    async with office.parts.app.transaction(office.ada.id) as tx:
        await campaigns.resume_campaign(tx, campaign_id=campaign_id, by=TEST_ACTS)
    await stage.look_after(office)
    assert not (await stage.read(office, campaign_id)).paused


async def test_a_time_limit_ends_a_campaign(office: Office) -> None:
    campaign_id = await stage.begun(office, per_minute=Decimal(60), ends_at=office.clock.now() + timedelta(seconds=30))
    await stage.send_some(office, turns=3, seconds=15)
    await stage.look_after(office)
    ended = await stage.read(office, campaign_id)
    assert ended.status is CampaignStatus.COMPLETED
    assert (await stage.job_states(office))[("dropped", "campaign.time_limit")] > 0


async def test_a_local_schedule_waits_for_the_hour_of_each_person(office: Office) -> None:
    async with office.parts.app.transaction(office.ada.id) as tx:
        await add_people(tx, ["+12125551999"], zone="America/New_York", region="US-NY")
    wall = datetime(2026, 12, 1, 14, 0)  # noqa: DTZ001 - a wall clock
    await stage.begun(office, schedule=Schedule(mode=ScheduleMode.LOCAL, local_at=wall))
    due = await office.fetchval("select array_agg(distinct available_at order by available_at) from send_jobs")
    assert isinstance(due, list)
    assert [one.isoformat() for one in due] == ["2026-12-01T19:00:00+00:00", "2026-12-01T22:00:00+00:00"]


async def test_wordings_are_shared_out_by_weight_and_stay(office: Office) -> None:
    variants = (
        Variant(name="A", body=stage.WORDS, weight=3),
        Variant(name="B", body=stage.WORDS.replace("$49", "$59"), weight=1),
    )
    campaign = await stage.create(office, variants=variants)
    chosen = [share_out(campaign.id, phone, variants).name for phone in phones(4000)]
    assert chosen == [share_out(campaign.id, phone, variants).name for phone in phones(4000)]
    assert 2800 < chosen.count("A") < 3200


async def test_a_copy_says_the_same_and_is_a_draft(office: Office) -> None:
    campaign_id = await stage.begun(office)
    async with office.parts.app.transaction(office.ada.id) as tx:
        copy = await campaigns.clone_campaign(tx, campaign_id=campaign_id, name=None, by=TEST_ACTS)
    known = await stage.read(office, campaign_id)
    assert (copy.status, copy.variants, copy.senders) == (CampaignStatus.DRAFT, known.variants, known.senders)
    assert copy.cloned_from == campaign_id


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"senders": ("+12125550111",)}, "campaigns.bad_senders"),
        ({"audience": json.dumps({"everybody": True})}, "campaigns.bad_audience"),
        ({"variants": ()}, "campaigns.bad_variants"),
        ({"quiet_from": time(20)}, "campaigns.bad_quiet_hours"),
        ({"quiet_from": time(22), "quiet_until": time(10)}, "campaigns.bad_quiet_hours"),
        ({"schedule": Schedule(mode=ScheduleMode.LOCAL)}, "campaigns.bad_schedule"),
    ],
)
async def test_what_cannot_be_a_campaign_is_refused_by_name(
    office: Office, change: dict[str, object], code: str
) -> None:
    with pytest.raises(Refused) as refusal:
        await stage.create(office, **change)
    assert refusal.value.code == code


async def test_a_campaign_of_another_business_is_not_there(office: Office) -> None:
    campaign = await stage.create(office)
    async with office.parts.app.transaction(office.mallory.id) as tx:
        with pytest.raises(Refused) as refusal:
            await campaigns.get_campaign(tx, campaign_id=campaign.id)
    assert refusal.value.code == "campaigns.not_found"
