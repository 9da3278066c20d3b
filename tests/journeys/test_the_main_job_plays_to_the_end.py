"""Promise: call, text, delivery, reply, STOP, silence with a reason: the demo's steps all happen."""

from __future__ import annotations

from frontdesk.cli.play import Play, Step
from frontdesk.providers.twin import FaultKind, FaultOrder
from tests.journeys.journey import Journey

STEPS = [
    "calendar_connected",
    "call_missed",
    "text_accepted",
    "text_delivered",
    "customer_replied",
    "reply_seen",
    "times_offered",
    "time_chosen",
    "deposit_asked",
    "booked",
    "reminders_set",
    "calendar_written",
    "moved",
    "stop_said",
    "stop_confirmed",
    "second_call_missed",
    "nothing_sent",
]


async def test_every_step_of_the_demo_happens_in_order(journey: Journey) -> None:
    told: list[Step] = []
    carol = journey.somebody()
    steps = await Play(journey.installation, twin=journey.twin, caller=carol).run(told.append)
    assert [(step.name, step.ok, "") for step in steps] == [(name, True, "") for name in STEPS], steps
    assert told == steps
    assert [step.at_ms for step in steps] == sorted(step.at_ms for step in steps)
    assert "47 CFR 64.1200" in steps[-1].detail


async def test_a_step_that_does_not_happen_fails_the_play_and_all_after_it(journey: Journey) -> None:
    carol = journey.somebody()
    refusal = FaultOrder(kind=FaultKind.REFUSED, recipient=carol, count=None, code=21211)
    await journey.twin.inject_fault(refusal)
    steps = await Play(journey.installation, twin=journey.twin, caller=carol, patience=4.0).run()
    await journey.twin.clear_faults()
    assert [step.ok for step in steps] == [True, True, True, *[False] * (len(STEPS) - 3)]
    assert steps[3].detail == "the carrier did not deliver the text"
    assert {step.detail for step in steps[4:]} == {"not reached"}
