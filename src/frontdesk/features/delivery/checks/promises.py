"""What was promised of every text, sampled while texts leave; a promise that breaks has to stop what broke it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from frontdesk.features.delivery.queries import promises
from frontdesk.features.delivery.queries.promises import Broken
from frontdesk.features.delivery.service.stopping import list_breaking, list_night_campaigns
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.upkeep import Check, Finding, Severity, none_expected


def _never(
    what: str, broken: Callable[[Transaction], Awaitable[Sequence[Broken]]]
) -> Callable[[Transaction], Awaitable[Finding]]:
    async def look(tx: Transaction) -> Finding:
        found = await broken(tx)
        texts = sum(one.texts for one in found)
        return none_expected(
            texts,
            f"{what}: {texts} in the last day",
            otherwise=Severity.CRITICAL,
            evidence={"tenants": sorted({str(one.tenant_id) for one in found})} if found else {},
        )

    return look


async def _broken_promises_stop_sending(tx: Transaction) -> Finding:
    breaking = await list_breaking(tx)
    return none_expected(
        len(breaking),
        f"{len(breaking)} businesses send on although a promise was broken for them",
        otherwise=Severity.CRITICAL,
        evidence={"tenants": [str(one) for one in breaking]} if breaking else {},
    )


async def _night_campaigns_are_paused(tx: Transaction) -> Finding:
    sending = await list_night_campaigns(tx)
    return none_expected(
        len(sending),
        f"{len(sending)} campaigns go on that have texted people at night",
        otherwise=Severity.CRITICAL,
        evidence={"campaigns": [str(campaign) for _, campaign in sending]} if sending else {},
    )


CHECKS: tuple[Check, ...] = (
    Check(
        name="delivery.invariant_one_post",
        sentence="No text was accepted by a carrier twice",
        runbook="promise-broken",
        look=_never("texts that a carrier accepted twice", promises.list_accepted_twice),
    ),
    Check(
        name="delivery.invariant_one_message",
        sentence="No two texts are the same message at the carrier",
        runbook="promise-broken",
        look=_never("carrier messages that two texts claim", promises.list_one_message_for_two),
    ),
    Check(
        name="delivery.invariant_explained",
        sentence="Every text that left has its stored decision",
        runbook="promise-broken",
        look=_never("texts that left without a decision", promises.list_unexplained),
    ),
    Check(
        name="delivery.invariant_pause_holds",
        sentence="No text started more than 1 s after a kill switch",
        runbook="promise-broken",
        look=_never("businesses whose texts started after a pause", promises.list_after_pause),
    ),
    Check(
        name="delivery.invariant_none_after_stop",
        sentence="Nobody who opted out was texted after it",
        runbook="text-after-opt-out",
        look=_never("texts that started after the person opted out", promises.list_after_stop),
    ),
    Check(
        name="delivery.invariant_quiet_hours",
        sentence="No marketing left before 8 or after 21 where its recipient is",
        runbook="quiet-hours",
        look=_never("marketing texts that left at night", promises.list_at_night),
    ),
    Check(
        name="delivery.broken_promises_stop_sending",
        sentence="A business for which a promise was broken sends nothing until somebody has looked",
        runbook="promise-broken",
        look=_broken_promises_stop_sending,
    ),
    Check(
        name="delivery.night_campaigns_are_paused",
        sentence="A campaign that has texted people at night is paused",
        runbook="quiet-hours",
        look=_night_campaigns_are_paused,
    ),
)
