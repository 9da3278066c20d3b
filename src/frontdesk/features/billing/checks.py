"""What must be true of payments: each ends, is charged once, and is heard of."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from frontdesk.features.billing.queries import upkeep
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.upkeep import Check, Finding, Severity, none_expected, none_of

LATE = timedelta(minutes=15)
RECENT = timedelta(hours=24)
PROVIDER = "stripe"
NEWS_PAGE, ORDERS_PAGE = "payments-signature", "payments-stuck"


async def _money_adds_up(tx: Transaction) -> Finding:
    wrong = await upkeep.list_wrong(tx, within=RECENT)
    return none_expected(
        len(wrong),
        f"the money of {len(wrong)} payments of the last day does not add up",
        otherwise=Severity.CRITICAL,
        evidence={"payments": [str(one) for one in wrong]},
    )


CHECKS: tuple[Check, ...] = (
    Check(
        name="billing.news_is_told",
        sentence="Payment news is told to us and need not be looked up",
        runbook=NEWS_PAGE,
        look=none_of(
            partial(upkeep.count_looked_up, provider=PROVIDER, within=RECENT),
            "{count} pieces of payment news had to be looked up since the last one that was told",
            otherwise=Severity.CRITICAL,
        ),
    ),
    Check(
        name="billing.orders_move",
        sentence="An order to the payment company is given within 15 minutes",
        runbook=ORDERS_PAGE,
        look=none_of(
            partial(upkeep.count_waiting, longer_than=LATE),
            "{count} orders to the payment company have waited for more than 15 minutes",
            otherwise=Severity.CRITICAL,
        ),
    ),
    Check(
        name="billing.orders_are_known",
        sentence="Whether an order to the payment company was done is known within 15 minutes",
        runbook=ORDERS_PAGE,
        look=none_of(
            partial(upkeep.count_doubtful, longer_than=LATE),
            "{count} orders to the payment company may or may not have been done for more than 15 minutes",
            otherwise=Severity.CRITICAL,
        ),
    ),
    Check(
        name="billing.payments_end",
        sentence="A payment ends at most 15 minutes after its time",
        runbook=ORDERS_PAGE,
        look=none_of(
            partial(upkeep.count_unended, longer_than=LATE),
            "{count} payments are open more than 15 minutes after their time",
            otherwise=Severity.WARNING,
        ),
    ),
    Check(
        name="billing.money_adds_up",
        sentence="Every payment is charged once, at its amount, and no more is given back",
        runbook=ORDERS_PAGE,
        look=_money_adds_up,
    ),
)
