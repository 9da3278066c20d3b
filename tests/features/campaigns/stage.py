"""Where campaigns are played in tests: an office at noon, people who agreed, and background work on demand."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from frontdesk.features import campaigns, delivery
from frontdesk.features.campaigns.jobs import add_workflows, watch_campaigns
from frontdesk.features.campaigns.model import Schedule, ScheduleMode, Variant
from frontdesk.features.campaigns.service.drafting import Draft
from frontdesk.kernel.jobs import Runner, Workflows
from tests.support.actors import TEST_ACTS
from tests.support.marketing import NOON_UTC, add_people, let_numbers_advertise, phones
from tests.support.office import ADAS_NUMBER, Office

WORDS = "{{business}}: hi {{given_name|there}}, winter check for $49 until Friday. Reply STOP to opt out."
EVERYBODY = json.dumps({"filter": {"where": "all", "of": []}})


async def set_up(office: Office, people: int) -> None:
    """Make it noon, register the numbers, and add people who agreed."""
    office.clock.ahead = NOON_UTC - office.clock.now()
    await let_numbers_advertise(office.login, office.ada.id)
    async with office.parts.app.transaction(office.ada.id) as tx:
        await add_people(tx, phones(people))


def draft(office: Office, **changes: object) -> Draft:
    """Write a campaign for everybody, from Ada's number, at once."""
    fields: dict[str, object] = {
        "name": "Winter check",
        "audience": EVERYBODY,
        "variants": (Variant(name="A", body=WORDS),),
        "senders": (ADAS_NUMBER,),
        "schedule": Schedule(mode=ScheduleMode.AT_ONCE),
        "ends_at": office.clock.now() + timedelta(days=3),
        **changes,
    }
    return Draft(**fields)  # type: ignore[arg-type]  # the test names fields of the draft


async def create(office: Office, **changes: object) -> campaigns.Campaign:
    """Draft a campaign."""
    async with office.parts.app.transaction(office.ada.id) as tx:
        return await campaigns.create_campaign(tx, draft(office, **changes), by=TEST_ACTS)


async def rehearse(office: Office, campaign_id: UUID) -> dict[str, object]:
    """Rehearse a campaign and return its sum."""
    async with office.parts.app.transaction(office.ada.id) as tx:
        begun = await campaigns.begin_rehearsal(tx, campaign_id=campaign_id, by=TEST_ACTS)
    await run_background(office)
    async with office.parts.app.transaction(office.ada.id) as tx:
        done = await campaigns.get_rehearsal(tx, rehearsal_id=begun.id)
    assert done.status == "done"
    found: dict[str, object] = json.loads(done.summary)
    return found


async def approve(office: Office, campaign_id: UUID) -> None:
    """Approve a campaign as it is."""
    async with office.parts.app.transaction(office.ada.id) as tx:
        known = await campaigns.get_campaign(tx, campaign_id=campaign_id)
        await campaigns.approve_campaign(tx, campaign_id=campaign_id, content_hash=known.content_hash, by=TEST_ACTS)


async def start(office: Office, campaign_id: UUID) -> None:
    """Start a campaign and make its texts."""
    async with office.parts.app.transaction(office.ada.id) as tx:
        await campaigns.start_campaign(tx, campaign_id=campaign_id, by=TEST_ACTS)
    await run_background(office)


async def begun(office: Office, **changes: object) -> UUID:
    """Bring a campaign all the way to its first text."""
    campaign = await create(office, **changes)
    await rehearse(office, campaign.id)
    await approve(office, campaign.id)
    await start(office, campaign.id)
    return campaign.id


async def run_background(office: Office) -> None:
    """Execute every queued run of campaigns, as a worker would."""
    workflows = Workflows()
    add_workflows(workflows, app=office.parts.app)
    runner = Runner(workflows, app=office.parts.app, system=office.parts.system)
    while queued := await queued_runs(office):
        for run_id, enqueued in queued:
            await runner.execute(run_id, enqueued)


async def queued_runs(office: Office) -> Sequence[tuple[UUID, int]]:
    """List the runs that wait."""
    async with office.login.transaction() as tx:
        rows = await tx.fetch("select id, enqueued from job_runs where state = 'queued' order by created_at")
    return [(row["id"], row["enqueued"]) for row in rows]


async def send_some(office: Office, *, turns: int = 10, seconds: float = 1) -> None:
    """Dispatch marketing turn by turn, with time passing in between."""
    lane = delivery.MarketingDispatch(
        system=office.parts.system, courier=office.parts.courier, process_id=office.parts.process_id
    )
    for _ in range(turns):
        await lane.dispatch_once()
        await office.parts.courier.idle()
        office.clock.ahead += timedelta(seconds=seconds)


async def look_after(office: Office) -> None:
    """Look after campaigns, as a worker does every two seconds."""
    await watch_campaigns(system=office.parts.system, app=office.parts.app)


async def read(office: Office, campaign_id: UUID) -> campaigns.Campaign:
    """Read a campaign."""
    async with office.parts.app.transaction(office.ada.id) as tx:
        return await campaigns.get_campaign(tx, campaign_id=campaign_id)


async def posted(office: Office) -> Counter[str]:
    """Count the POSTs to each person."""
    return Counter(entry.fields["To"] for entry in await office.twin.journal(operation="messages.create", limit=5000))


async def job_states(office: Office) -> Counter[tuple[str, str]]:
    """Count the texts by status and reason."""
    async with office.login.transaction() as tx:
        rows = await tx.fetch("select status, coalesce(failure_code, '') as code from send_jobs")
    return Counter((row["status"], row["code"]) for row in rows)
