"""Every SQL statement of the product is prepared on real PostgreSQL, and keeps to its tenant."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator

import asyncpg

import frontdesk

STATEMENT = re.compile(r"^\s*(select|insert|update|delete|with)\b")
# Statements that work across tenants on purpose, under the system role or by a carrier's own unique id.
ACROSS_TENANTS = {
    "frontdesk.features.campaigns.queries.campaigns.LIST_MOVING",
    "frontdesk.features.campaigns.queries.campaigns.FIND_OWNER",
    "frontdesk.features.delivery.queries.budgets.LOCK",
    "frontdesk.features.delivery.queries.budgets.ADD",
    "frontdesk.features.delivery.queries.budgets.RESERVE_MANY",
    "frontdesk.features.delivery.queries.budgets.READ_MANY",
    "frontdesk.features.delivery.queries.budgets.LIST_REFUNDABLE",
    "frontdesk.features.delivery.queries.budgets.ADVANCE_DAYS",
    "frontdesk.features.delivery.queries.bulk.PICK",
    "frontdesk.features.delivery.queries.carriers.ADVANCE_REGISTRATIONS",
    "frontdesk.features.delivery.queries.carriers.COUNT",
    "frontdesk.features.delivery.queries.steering.MEASURE",
    "frontdesk.features.delivery.queries.steering.MOVE_AWAY",
    "frontdesk.features.delivery.queries.steering.PACE_NEW",
    "frontdesk.features.delivery.queries.steering.LIST_PROVIDERS",
    "frontdesk.features.delivery.queries.strangers.FORGET",
    "frontdesk.features.delivery.queries.streams.LOCK_TURNS",
    "frontdesk.features.delivery.queries.streams.LIST_THROTTLES",
    "frontdesk.features.delivery.queries.streams.ADVANCE_STREAMS",
    "frontdesk.features.senders.queries.LIST_BRAND_USE",
    "frontdesk.features.senders.queries.SPOIL_BRAND",
    "frontdesk.features.senders.queries.SPOIL_BRAND_DAY",
    "frontdesk.features.delivery.queries.jobs.CLAIM",
    "frontdesk.features.delivery.queries.jobs.RECORD_RESULTS",
    "frontdesk.features.delivery.queries.jobs.LIST_LATE",
    "frontdesk.features.delivery.queries.doubt.ORPHAN_OF_PROCESS",
    "frontdesk.features.delivery.queries.doubt.ORPHAN_BY_AGE",
    "frontdesk.features.delivery.queries.doubt.CLAIM_IN_DOUBT",
    "frontdesk.features.delivery.queries.doubt.LIST_KNOWN_IDS",
    "frontdesk.features.delivery.queries.doubt.SETTLE_FOUND",
    "frontdesk.features.delivery.queries.doubt.SETTLE_ABSENT",
    "frontdesk.features.delivery.queries.doubt.LOOK_AGAIN",
    "frontdesk.features.delivery.queries.doubt.TAKE_RECEIPT",
    "frontdesk.features.delivery.queries.doubt.UNPARK_KNOWN",
    "frontdesk.features.delivery.queries.receipts.TAKE_IN_RECEIPTS",
    # Leased by id from CLAIM's rows, which are locked in the same transaction.
    "frontdesk.features.delivery.queries.jobs.LEASE",
    "frontdesk.features.delivery.queries.jobs.SETTLE_DECIDED",
    # The carrier refuses a number, whoever's it is.
    "frontdesk.features.delivery.queries.switches.BLOCK_NUMBER",
    # What is in flight anywhere, for the global switch.
    "frontdesk.features.delivery.queries.switches.PROVE_GLOBAL_STOP",
    # Asked before it is known whose channel or account it is; and whoever is due is asked, whosever it is.
    "frontdesk.features.scheduling.queries.calendars.FIND_CHANNEL",
    "frontdesk.features.scheduling.queries.calendars_accounts.LIST_OF_ACCOUNT",
    "frontdesk.features.scheduling.queries.calendars_accounts.CLAIM",
    "frontdesk.features.scheduling.queries.calendars_upkeep.MEASURE_STALE",
    "frontdesk.features.scheduling.queries.calendars_upkeep.COUNT_SILENT",
    "frontdesk.features.scheduling.queries.calendars_upkeep.COUNT_LOST",
    "frontdesk.features.scheduling.queries.calendars_upkeep.COUNT_UNWRITTEN",
    "frontdesk.features.scheduling.queries.calendars_upkeep.MEASURE_ERRORS",
    "frontdesk.features.scheduling.queries.calendars_upkeep.ASK_ALL_NOW",
    "frontdesk.features.scheduling.queries.calendars_upkeep.DROP_CHANNELS",
    "frontdesk.features.scheduling.queries.calendars_upkeep.TRY_LOST",
    "frontdesk.features.scheduling.queries.calendars_upkeep.FALL_ASLEEP",
    "frontdesk.features.scheduling.queries.calendars_upkeep.AGE",
    # Asked before it is known whose call or number it is.
    "frontdesk.features.calls.queries.FIND_CALLED_NUMBER",
    "frontdesk.features.senders.queries.FIND_OWNER",
    # Whose holds have run out and whose reminders are due; each business is then served in its own view.
    "frontdesk.features.scheduling.queries.holds.LIST_TENANTS_WITH_OVER",
    "frontdesk.features.scheduling.queries.reminders.LIST_TENANTS_WITH_DUE",
    "frontdesk.features.scheduling.queries.appointments.COMPLETE_OVER",
    "frontdesk.features.scheduling.queries.appointments.DROP_OLD_TIME",
    "frontdesk.features.scheduling.queries.appointments.DROP_OLD_NEWS",
    "frontdesk.features.scheduling.queries.appointments.FORGET_HOLDS",
    # Whose texts are to be read for their meaning; each business's are then read and kept for it alone.
    "frontdesk.features.conversations.queries.meanings.ADD_MARKS",
    "frontdesk.features.conversations.queries.meanings.CLAIM_NEW",
    "frontdesk.features.conversations.queries.meanings.CLAIM_OLD",
    "frontdesk.features.conversations.queries.meanings.ADVANCE_MARKS",
    "frontdesk.features.conversations.queries.meanings.FORGET_FAILURES",
    "frontdesk.features.conversations.queries.meanings.FIND_FAILURE",
    "frontdesk.features.conversations.queries.meanings.COUNT_READING",
    # One figure for the platform, without anybody's rows.
    "frontdesk.features.textback.queries.answers.FIRST_TEXT_P95",
    # What is measured of the whole platform, by business, without anybody's rows.
    "frontdesk.features.campaigns.queries.measuring.COUNT_MOVING",
    "frontdesk.features.contacts.queries.measuring.COUNT_DONE",
    "frontdesk.features.delivery.queries.measuring.COUNT_DUE",
    "frontdesk.features.delivery.queries.measuring.COUNT_FAILED_ANSWERS",
    "frontdesk.features.delivery.queries.measuring.LIST_PACED",
    "frontdesk.features.delivery.queries.measuring.MEASURE_BUDGETS",
    "frontdesk.features.delivery.queries.measuring.MEASURE_CARRIERS",
    "frontdesk.features.delivery.queries.measuring.MEASURE_OPT_OUTS",
    "frontdesk.features.delivery.queries.measuring.MEASURE_OUTCOMES",
    "frontdesk.features.textback.queries.answers.FIRST_TEXTS_BY_SPAN",
    # One account at the payment company for all businesses: whose news it is stands in the rows.
    "frontdesk.features.billing.queries.news.FIND_LAST_NEWS",
    "frontdesk.features.billing.queries.news.FIND_OLDEST_AWAITED",
    "frontdesk.features.billing.queries.news.FORGET_NOBODYS",
    "frontdesk.features.billing.queries.orders.CLAIM",
    "frontdesk.features.billing.queries.payments.FIND_LINKED",
    "frontdesk.features.billing.queries.payments.FIND_OWNER",
    "frontdesk.features.billing.queries.payments.FIND_OWNER_BY_FACT",
    "frontdesk.features.billing.queries.payments.LIST_FACTS",
    "frontdesk.features.billing.queries.payments.LIST_OVERDUE",
    "frontdesk.features.billing.queries.plans.FIND_LINKED_SUBSCRIPTION",
    "frontdesk.features.billing.queries.plans.FIND_SUBSCRIBER",
    "frontdesk.features.billing.queries.upkeep.COUNT_DOUBTFUL",
    "frontdesk.features.billing.queries.upkeep.COUNT_WAITING",
    "frontdesk.features.billing.queries.upkeep.COUNT_UNENDED",
    "frontdesk.features.billing.queries.upkeep.COUNT_LOOKED_UP",
    "frontdesk.features.billing.queries.upkeep.LIST_WRONG",
    "frontdesk.features.billing.queries.upkeep.ASK_AGAIN",
    "frontdesk.features.billing.queries.upkeep.ADD_NEWS",
    # What checks ask of all businesses, remedies change and drills break in them.
    "frontdesk.features.campaigns.queries.upkeep.LIST_TRIPPED",
    "frontdesk.features.campaigns.queries.upkeep.COUNT_UNMADE",
    "frontdesk.features.campaigns.queries.upkeep.LIST_SENDING",
    "frontdesk.features.campaigns.queries.upkeep.ADD_TRIPPED",
    "frontdesk.features.campaigns.queries.upkeep.LIST_DRILLED",
    "frontdesk.features.campaigns.queries.upkeep.CANCEL_DRILLED",
    "frontdesk.features.consent.queries.upkeep.LIST_NEWEST_MISWRITTEN",
    "frontdesk.features.consent.queries.upkeep.LIST_MISWRITTEN",
    "frontdesk.features.consent.queries.upkeep.LIST_DROPPED",
    "frontdesk.features.consent.queries.upkeep.FORGET_NEWEST",
    "frontdesk.features.delivery.queries.outcomes.LIST_ENDED",
    "frontdesk.features.scheduling.queries.upkeep.COUNT_OVERDUE_HOLDS",
    "frontdesk.features.scheduling.queries.upkeep.COUNT_OVERLAPS",
    "frontdesk.features.scheduling.queries.upkeep.LIST_WITHOUT_TIME",
    "frontdesk.features.scheduling.queries.upkeep.COUNT_UNSETTLED",
    "frontdesk.features.scheduling.queries.upkeep.MEASURE_REMINDERS",
    "frontdesk.features.scheduling.queries.upkeep.TAKE_OVERDUE",
    "frontdesk.features.scheduling.queries.upkeep.TAKE_TIME",
    "frontdesk.features.scheduling.queries.upkeep.NOTE_LOST",
    "frontdesk.features.scheduling.queries.upkeep.ADD_STUCK_HOLD",
    "frontdesk.features.scheduling.queries.upkeep.ADD_DOUBLE_BOOKING",
    "frontdesk.features.delivery.queries.outcomes.MEASURE_RECEIPTS",
    "frontdesk.features.delivery.queries.outcomes.LIST_FLOODED",
    "frontdesk.features.delivery.queries.promises.LIST_ACCEPTED_TWICE",
    "frontdesk.features.delivery.queries.promises.LIST_ONE_MESSAGE_FOR_TWO",
    "frontdesk.features.delivery.queries.promises.LIST_AFTER_STOP",
    "frontdesk.features.delivery.queries.promises.LIST_UNEXPLAINED",
    "frontdesk.features.delivery.queries.promises.LIST_AT_NIGHT",
    "frontdesk.features.delivery.queries.promises.LIST_AFTER_PAUSE",
    "frontdesk.features.delivery.queries.spoiling.FIND_NUMBER",
    "frontdesk.features.delivery.queries.spoiling.DELETE_TEXTS",
    "frontdesk.features.delivery.queries.spoiling.DELETE_REFUSALS",
    "frontdesk.features.delivery.queries.spoiling.DELETE_STREAMS",
    "frontdesk.features.delivery.queries.spoiling.LIST_CAMPAIGNS",
    "frontdesk.features.delivery.queries.upkeep.OLDEST_DUE",
    "frontdesk.features.delivery.queries.upkeep.COUNT_WAITING",
    "frontdesk.features.delivery.queries.upkeep.COUNT_DOUBTFUL",
    "frontdesk.features.delivery.queries.upkeep.COUNT_STUCK_POSTING",
    "frontdesk.features.delivery.queries.upkeep.LIST_SPENT",
    "frontdesk.features.delivery.queries.upkeep.LIST_BLOCKED_NUMBERS",
    "frontdesk.features.delivery.queries.upkeep.ALLOW_NUMBERS",
    "frontdesk.features.delivery.queries.upkeep.ALLOW_ALL_NUMBERS",
    "frontdesk.features.delivery.queries.upkeep.COUNT_FORGOTTEN",
    "frontdesk.features.delivery.queries.upkeep.LOOK_AT_FORGOTTEN",
    "frontdesk.features.delivery.queries.upkeep.COUNT_USELESS",
    "frontdesk.features.delivery.queries.upkeep.DROP_USELESS",
    "frontdesk.features.delivery.queries.upkeep.LIST_PHANTOM_SPENT",
    "frontdesk.features.delivery.queries.upkeep.DOUBT_NOW",
    "frontdesk.features.textback.queries.answers.COUNT_UNANSWERED",
    "frontdesk.features.textback.queries.answers.COUNT_DOUBLED",
    "frontdesk.features.conversations.queries.threads.WAKE_THREADS",
    "frontdesk.features.textback.queries.upkeep.COUNT_UNDECIDED",
    "frontdesk.features.textback.queries.upkeep.LIST_UNHEARD",
    "frontdesk.features.textback.queries.upkeep.DROP_UNDECIDED",
    "frontdesk.features.textback.queries.upkeep.COUNT_WAITING",
    "frontdesk.features.textback.queries.upkeep.ADD_DRILL_PERSON",
    "frontdesk.features.textback.queries.upkeep.DROP_WAITING",
}


def _modules() -> Iterator[str]:
    for module in pkgutil.walk_packages(frontdesk.__path__, "frontdesk."):
        leaf = module.name.rsplit(".", 1)[-1]
        is_query = ".queries" in module.name and module.name.startswith(
            ("frontdesk.features.", "frontdesk.operations.")
        )
        if (module.name.startswith("frontdesk.kernel.") and leaf != "__main__") or is_query:
            yield module.name


def statements() -> dict[str, str]:
    """Collect every statement: module-level text that begins like one."""
    found: dict[str, str] = {}
    for name in _modules():
        for attribute, value in vars(importlib.import_module(name)).items():
            if attribute.isupper() and isinstance(value, str) and STATEMENT.match(value):
                found.setdefault(f"{name}.{attribute}", value)
    return found


async def test_every_statement_is_accepted_by_postgresql(database_url: str) -> None:
    found = statements()
    assert len(found) > 60
    connection = await asyncpg.connect(database_url)
    refused: dict[str, str] = {}
    try:
        for name, statement in found.items():
            try:
                await connection.prepare(statement)
            except asyncpg.PostgresError as error:
                refused[name] = str(error)
    finally:
        await connection.close()
    assert not refused, "\n".join(f"{name}: {error}" for name, error in refused.items())
