"""How sending is broken from outside: by its carrier, and by what a person then does about it."""

from __future__ import annotations

from collections.abc import Mapping

from frontdesk.features.billing import sabotage as billing_sabotage
from frontdesk.features.campaigns import sabotage as campaigns_sabotage
from frontdesk.features.consent import sabotage as consent_sabotage
from frontdesk.features.delivery import sabotage as delivery_sabotage
from frontdesk.features.senders import sabotage as senders_sabotage
from frontdesk.features.textback import sabotage as textback_sabotage
from frontdesk.kernel.upkeep import Sabotage
from frontdesk.operations.custody import sabotage as custody_sabotage
from frontdesk.operations.drills.model import Break, Stage
from frontdesk.operations.runbooks import RunState
from frontdesk.providers.twin import FaultKind, FaultOrder

FEW = 6  # a breaker opens after five failures in a row; filtered are five texts
REGISTRATION_MISSING, FILTERED = 30034, 30007

SET_RIGHT: Mapping[str, Sabotage] = {
    **delivery_sabotage.SET_RIGHT,
    **senders_sabotage.SET_RIGHT,
    **billing_sabotage.SET_RIGHT,
    **campaigns_sabotage.SET_RIGHT,
    **textback_sabotage.SET_RIGHT,
    **custody_sabotage.SET_RIGHT,
}
# What a page finds and leaves to a person.
FOR_PERSONS = frozenset(
    {
        "delivery.receipts_lost",
        "delivery.budget_of_one_cent",
        "senders.brand_day_nearly_full",
        "campaigns.tripped",
        "textback.person_waits",
        "custody.failed_logins",
        "billing.news_lost",
    }
)


def in_rows(sabotage: Sabotage) -> Break:
    """Make a break of a sabotage, with what a person does in the end."""
    right = SET_RIGHT.get(sabotage.name)

    async def recover(stage: Stage) -> None:
        if right is not None:
            await _do(stage, right)

    return Break(
        name=sabotage.name,
        sentence=sabotage.sentence,
        act=lambda stage: _do(stage, sabotage),
        recover=None if right is None else recover,
        recover_after=True,
        ends=RunState.NEEDS_PERSON if sabotage.name in FOR_PERSONS else RunState.REPAIRED,
    )


async def _do(stage: Stage, sabotage: Sabotage) -> None:
    async with stage.system.transaction() as tx:
        await sabotage.act(tx)


async def _our_number(stage: Stage) -> str:
    return next(one.number for one in (await stage.twin.state()).numbers if one.provider == "twilio")


async def _call(stage: Stage, callers: range) -> None:
    number = await _our_number(stage)
    for caller in callers:
        await stage.twin.place_call(caller=_phone(caller), to=number)


def _phone(place: int) -> str:
    return f"+1206555{place:04d}"


async def _fail(stage: Stage) -> None:
    order = FaultOrder(kind=FaultKind.ERROR_BEFORE_ACCEPT, on="messages.create", count=None, status=503)
    await stage.twin.inject_fault(order)
    await _call(stage, range(4000, 4000 + FEW))


async def _refuse(stage: Stage) -> None:
    order = FaultOrder(kind=FaultKind.REFUSED, on="messages.create", count=None, code=REGISTRATION_MISSING)
    await stage.twin.inject_fault(order)
    await _call(stage, range(4100, 4101))


async def _get_well(stage: Stage) -> None:
    await stage.twin.clear_faults()


async def _filter(stage: Stage) -> None:
    callers = range(4200, 4200 + FEW)
    for caller in callers:
        await stage.twin.script_fate(_phone(caller), error_code=FILTERED)
    await _call(stage, callers)


async def _change_words(stage: Stage) -> None:
    for caller in range(4200, 4200 + FEW):
        await stage.twin.script_fate(_phone(caller), status="delivered")
    await _do(stage, SET_RIGHT["delivery.campaign_filtered"])


async def _forget_a_stop(stage: Stage) -> None:
    number = await _our_number(stage)
    await stage.twin.send_text(customer=_phone(4300), to=number, body="Please stop texting me")
    for sabotage in consent_sabotage.SABOTAGES:
        if sabotage.name == "consent.forgotten_refusal":
            await _do(stage, sabotage)


BREAKS: tuple[Break, ...] = (
    Break(
        name="sending.carrier_down",
        sentence="The carrier answers every text with 503 for a while",
        act=_fail,
        recover=_get_well,
    ),
    Break(
        name="sending.number_refused",
        sentence="The carrier refuses a number until it is registered",
        act=_refuse,
        recover=_get_well,
    ),
    Break(
        name="sending.words_filtered",
        sentence="Carriers filter the reply to missed calls",
        act=_filter,
        recover=_change_words,
        recover_after=True,
    ),
    Break(
        name="sending.refusal_forgotten",
        sentence="Somebody says STOP, and somebody deletes it",
        act=_forget_a_stop,
    ),
)
