"""Take one protection away, and the worlds find out: the judges are not blind, and no protection is for show.

What the product says to the database is altered on its way to the server; the product itself stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import count, islice

import pytest

from tests.simulation.carrier import Troubles
from tests.simulation.conftest import OpenSimulation
from tests.simulation.noon import at_noon, with_campaigns
from tests.simulation.plan import Blow, Call, Mishap, Plan, Theme, draw_plan
from tests.simulation.simulation import NUMBERS


def any_world(seed: int) -> Plan | None:
    """Take every world as it is drawn."""
    return draw_plan(seed, NUMBERS)


def world_about(theme: Theme) -> Callable[[int], Plan | None]:
    """Take the worlds of one theme alone."""

    def draw(seed: int) -> Plan | None:
        plan = draw_plan(seed, NUMBERS)
        return plan if plan.theme is theme else None

    return draw


def late_results(seed: int) -> Plan | None:
    """Stop the process that made the first POST until others have taken its work over, then let it go on."""
    plan = draw_plan(seed, NUMBERS)
    return replace(
        plan,
        theme=Theme.STALLS,
        webs=1,
        workers=2,
        database=(0.0, 0.0, 0.0),
        events=tuple(event for event in plan.events if isinstance(event, Call))[:1],
        troubles=Troubles(throttled=0.5, slow=1.0, receipts_late=1.0),
        blows=(Blow(0, 0, Mishap.STALL, 0, 52.0 + seed % 24),),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Sabotage:
    """A protection to take away: by other words in a statement, or by a trigger; and which judge must speak up.

    What only a `rare` world finds is looked for with all other tests that take long.
    """

    mark: str
    words: dict[str, str] = field(default_factory=dict)
    trigger: str = ""
    worlds: Callable[[int], Plan | None] = any_world
    within: int = 200
    rare: bool = False


SABOTAGES = {
    # What a plain lease worker does when its carrier times out: it tries again.
    "a text in doubt is sent again": Sabotage(
        mark="I1",
        trigger="""
            create function sim_try_again() returns trigger language plpgsql as $$
            begin
              if new.status = 'unknown' then
                new.status := 'queued';
              end if;
              return new;
            end $$;
            create trigger sim_try_again before update on send_jobs for each row execute function sim_try_again();
        """,
    ),
    "a result counts though its lease was lost": Sabotage(
        mark="I1",
        words={"where job.id = result.id and job.fence = result.fence": "where job.id = result.id"},
        worlds=late_results,
        rare=True,
    ),
    "a STOP does not wait for the gates": Sabotage(
        mark="I3",
        words={
            "select pg_advisory_xact_lock_shared(1, hashtext($1))": "select hashtext($1)",
            "pg_try_advisory_xact_lock_shared(1, hashtext(job.recipient_e164))": "true",
        },
        worlds=world_about(Theme.STOP),
        within=100,
        rare=True,
    ),
    "the kill switch is not read": Sabotage(
        mark="I4", words={"where switch.paused_at is not null": "where false"}, worlds=world_about(Theme.PAUSE)
    ),
    "a caller's turn is never over": Sabotage(
        mark="I1", words={"where last.texted_at <= excluded.texted_at - make_interval(secs => $5)": "where $5 > 0"}
    ),
    "a job's place in its thread is forgotten": Sabotage(
        mark="I12",
        words={"earlier.status in ('queued', 'posting', 'unknown') and": "false and"},
        within=400,
        rare=True,
    ),
    "nobody asks by which clock a person lives": Sabotage(
        mark="I5",
        words={"nullif(person.timezone, '') as known_zone": "'Pacific/Honolulu' as known_zone"},
        worlds=with_campaigns,
    ),
    "what a person got today is not counted": Sabotage(
        mark="I5",
        words={"earlier.posting_at > $4::timestamptz - interval '24 hours'": "$4::timestamptz is null"},
        worlds=with_campaigns,
        rare=True,
    ),
    "money is not reserved": Sabotage(
        mark="I6",
        words={"then budget.daily_spent_cents else 0 end + given.cents,": "then budget.daily_spent_cents else 0 end,"},
        worlds=with_campaigns,
    ),
    "what no carrier took is not given back": Sabotage(
        mark="I6",
        words={"where cost_cents > 0 and status in ('failed', 'blocked', 'dropped') and": "where false and"},
        worlds=with_campaigns,
        rare=True,
    ),
    "a number forgets its pace": Sabotage(
        mark="I17",
        words={"set next_at = turn.next_at, served_at": "set next_at = 'epoch', served_at"},
        worlds=with_campaigns,
        rare=True,
    ),
    "a number forgets what it sent today": Sabotage(
        mark="I17",
        words={"case when pace.day = today.day then pace.sent_today else 0 end as sent_today": "0 as sent_today"},
        worlds=with_campaigns,
        rare=True,
    ),
    "a campaign forgets its throttle": Sabotage(
        mark="I17", words={"any($1::uuid[]) and per_minute is not null": "any($1::uuid[]) and false"}, worlds=at_noon
    ),
    "a campaign's pause is not read": Sabotage(
        mark="I4",
        words={"where switch.scope = 'campaign' and switch.key = stream.campaign_id::text": "where false"},
        worlds=at_noon,
    ),
    "facts are not kept as they were": Sabotage(
        mark="replay",
        trigger="""
            create function sim_other_facts() returns trigger language plpgsql as $$
            begin
              new.facts := jsonb_set(new.facts, '{earlier_unsettled}', 'true');
              return new;
            end $$;
            create trigger sim_other_facts before insert on send_decisions
              for each row execute function sim_other_facts();
        """,
    ),
    "nobody looks after campaigns": Sabotage(
        mark="I11",
        words={"where status in ('expanding', 'running')": "where status = 'nothing'"},
        worlds=with_campaigns,
    ),
}


def worlds_of(sabotage: Sabotage) -> Iterator[tuple[int, Plan]]:
    """List the worlds to try, in order."""
    drawn = ((seed, sabotage.worlds(seed)) for seed in count())
    return islice(((seed, plan) for seed, plan in drawn if plan is not None), sabotage.within)


@pytest.mark.timeout(180)
@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.slow if one.rare else ()) for name, one in SABOTAGES.items()]
)
def test_a_missing_protection_is_found(open_simulation: OpenSimulation, name: str) -> None:
    sabotage = SABOTAGES[name]
    simulation = open_simulation(sabotage.words)
    if sabotage.trigger:
        simulation.sql(sabotage.trigger)
    found = False
    for seed, plan in worlds_of(sabotage):
        if any(violation.startswith(sabotage.mark) for violation in simulation.live(seed, plan=plan).violations):
            found = True
            break
    assert simulation.unaltered() == []
    assert found, f"{sabotage.within} worlds did not find that {name}"
