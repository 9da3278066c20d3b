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
    """A protection to take away: by other words in a statement, or by a trigger; and which judge must speak up."""

    mark: str
    words: dict[str, str] = field(default_factory=dict)
    trigger: str = ""
    worlds: Callable[[int], Plan | None] = any_world
    within: int = 200


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
    ),
    "a STOP does not wait for the gates": Sabotage(
        mark="I3",
        words={
            "select pg_advisory_xact_lock_shared(1, hashtext($1))": "select hashtext($1)",
            "pg_try_advisory_xact_lock_shared(1, hashtext(job.recipient_e164))": "true",
        },
        worlds=world_about(Theme.STOP),
        within=100,
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
    ),
}


def worlds_of(sabotage: Sabotage) -> Iterator[tuple[int, Plan]]:
    """List the worlds to try, in order."""
    drawn = ((seed, sabotage.worlds(seed)) for seed in count())
    return islice(((seed, plan) for seed, plan in drawn if plan is not None), sabotage.within)


@pytest.mark.timeout(180)
@pytest.mark.parametrize("name", SABOTAGES)
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
