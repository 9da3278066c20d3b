"""The cashier: has the payment company do what was ordered, each thing once, and takes in what it answers."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import assert_never

from frontdesk.features.billing.model import (
    Fact,
    FactKind,
    Order,
    OrderKind,
    OrderStatus,
    Payment,
    RefundStatus,
)
from frontdesk.features.billing.queries import orders, payments, plans, refunds
from frontdesk.features.billing.service.planning import hear_of_subscription
from frontdesk.features.billing.service.requesting import LINK
from frontdesk.features.billing.service.telling import note_fact, take_news
from frontdesk.kernel import epoch
from frontdesk.kernel.db import UNAVAILABLE, Database, Transaction
from frontdesk.kernel.telemetry import get_logger
from frontdesk.ports import FailureClass, ProviderError
from frontdesk.ports.payments import (
    PaymentCheckoutOrder,
    PaymentProvider,
    PieceOfNews,
    RefundOrder,
    SubscriptionCheckoutOrder,
    SubscriptionNews,
)

LEASE = timedelta(seconds=45)  # longer than any request may take
KEY_LIVES = timedelta(hours=23)  # Stripe forgets an idempotency key after 24 h
SHORTEST_PAGE = timedelta(hours=1)  # Stripe closes no page earlier than 30 min after it was made
LONGEST_PAGE = timedelta(hours=23, minutes=50)  # nor later than 24 h
LONGEST_PAUSE = timedelta(minutes=5)
WAIT_FOR_OPENING = timedelta(seconds=5)
WAIT_FOR_PEOPLE = timedelta(hours=1)
CHANGING = frozenset({OrderKind.OPEN_PAYMENT, OrderKind.OPEN_SUBSCRIPTION, OrderKind.REFUND})

log = get_logger("billing")


class _NotYet(Exception):
    """Something else has to be known first."""


class Cashier:
    """Works off orders, `limit` at a time, in any number of processes; an answer that was lost is asked for again."""

    def __init__(self, *, system: Database, provider: PaymentProvider, base_url: str, limit: int = 8) -> None:
        self._system = system
        self._provider = provider
        self._base_url = base_url
        self._limit = limit

    async def work_once(self) -> int:
        """Close pages whose time is over and work off one batch of orders; returns how many there were.

        A restored or copied database orders nothing until somebody claims it.
        """
        given = await self._system.perform(self._claim)
        await asyncio.gather(*(self._work_off(order) for order in given))
        return len(given)

    async def _claim(self, tx: Transaction) -> list[Order]:
        if not await epoch.is_claimed(tx):
            return []
        for payment_id, tenant_id in await payments.list_overdue(tx, limit=self._limit):
            await orders.add(tx, OrderKind.EXPIRE_PAYMENT, tenant_id=tenant_id, payment_id=payment_id)
        return await orders.claim(tx, lease=LEASE, limit=self._limit)

    async def _work_off(self, order: Order) -> None:
        now = self._system.clock.now()
        first = order.first_posted_at or now
        if order.kind in CHANGING and now - first > KEY_LIVES:
            await self._put_back(order, OrderStatus.UNKNOWN, WAIT_FOR_PEOPLE, "the key is too old to ask again")
            return
        try:
            pieces = await self._ask(order)
        except _NotYet:
            await self._put_back(order, OrderStatus.QUEUED, WAIT_FOR_OPENING, "")
        except ProviderError as error:
            await self._note_failure(order, error)
        except UNAVAILABLE:
            raise
        except Exception:
            log.exception("payment_order_broken", order_id=str(order.id), kind=order.kind.value)
            await self._put_back(order, OrderStatus.UNKNOWN, WAIT_FOR_PEOPLE, "broken: see the log")
        else:
            await self._system.perform(lambda tx: self._take_answer(tx, order, pieces))

    async def _take_answer(self, tx: Transaction, order: Order, pieces: Sequence[PieceOfNews]) -> None:
        plan_news = [piece for piece in pieces if isinstance(piece, SubscriptionNews)]
        for piece in plan_news:
            await hear_of_subscription(tx, piece, happened_at=tx.now, looked_up=True)
        others = [piece for piece in pieces if not isinstance(piece, SubscriptionNews)]
        await take_news(tx, others, event_id=f"answer {order.id} {order.fence}", happened_at=tx.now, asked=True)
        await orders.record_end(tx, order, status=OrderStatus.DONE)

    async def _ask(self, order: Order) -> Sequence[PieceOfNews]:
        match order.kind:
            case OrderKind.OPEN_PAYMENT:
                return await self._open_payment(order)
            case OrderKind.EXPIRE_PAYMENT:
                return await self._expire_payment(order)
            case OrderKind.LOOK_UP_PAYMENT:
                return await self._look_up_payment(order)
            case OrderKind.REFUND:
                return await self._refund(order)
            case OrderKind.OPEN_SUBSCRIPTION:
                return await self._open_subscription(order)
            case OrderKind.LOOK_UP_SUBSCRIPTION:
                return await self._look_up_subscription(order)
            case _:
                assert_never(order.kind)

    async def _open_payment(self, order: Order) -> Sequence[PieceOfNews]:
        payment = await self._payment_of(order)
        if payment.status.is_over:
            return ()
        page_ends_at = max(payment.expires_at, payment.created_at + SHORTEST_PAGE)
        wanted = PaymentCheckoutOrder(
            key=str(order.id),
            payment_id=payment.id,
            tenant_id=payment.tenant_id,
            amount_cents=payment.amount_cents,
            currency=payment.currency,
            description=payment.description,
            expires_at=min(page_ends_at, payment.created_at + LONGEST_PAGE),
            return_url=self._base_url + LINK + payment.pay_token,
        )
        return [await self._provider.open_payment(wanted)]

    async def _expire_payment(self, order: Order) -> Sequence[PieceOfNews]:
        payment = await self._payment_of(order)
        if payment.status.is_over:
            return ()
        if not payment.session_id:
            if await self._system.perform(lambda tx: _expire_unopened(tx, payment, order)):
                return ()
            raise _NotYet
        try:
            return [await self._provider.expire_checkout(payment.session_id, key=str(order.id))]
        except ProviderError as error:
            if not error.permanent:
                raise
        return [await self._provider.find_checkout(payment.session_id)]

    async def _look_up_payment(self, order: Order) -> Sequence[PieceOfNews]:
        payment = await self._payment_of(order)
        found: list[PieceOfNews] = []
        if payment.session_id:
            found.append(await self._provider.find_checkout(payment.session_id))
        if payment.intent_id:
            found.extend(await self._provider.list_refunds(payment.intent_id))
        return found

    async def _refund(self, order: Order) -> Sequence[PieceOfNews]:
        payment = await self._payment_of(order)
        if order.refund_id is None:
            raise LookupError(f"order {order.id} names no refund")
        async with self._system.transaction() as tx:
            refund = await refunds.find(tx, tenant_id=order.tenant_id, refund_id=order.refund_id)
        if refund is None:
            raise LookupError(f"refund {order.refund_id}")
        wanted = RefundOrder(
            key=str(order.id),
            refund_id=refund.id,
            payment_id=payment.id,
            intent_id=payment.intent_id,
            amount_cents=refund.amount_cents,
        )
        return [await self._provider.refund(wanted)]

    async def _open_subscription(self, order: Order) -> Sequence[PieceOfNews]:
        async with self._system.transaction() as tx:
            one = await plans.find(tx, tenant_id=order.tenant_id)
            plan = None if one is None else await plans.get_plan(tx, plan_id=one.plan_id)
        if one is None or plan is None or one.id != order.id:
            return ()
        wanted = SubscriptionCheckoutOrder(
            key=str(order.id),
            subscription_id=one.id,
            tenant_id=order.tenant_id,
            price_id=plan.price_id,
            name=plan.name,
            amount_cents=plan.amount_cents,
            currency=plan.currency,
            interval=plan.interval.value,
            customer_id=one.customer_id,
            expires_at=order.created_at + SHORTEST_PAGE,
            return_url=self._base_url + LINK + one.link_token,
        )
        return [await self._provider.open_subscription(wanted)]

    async def _look_up_subscription(self, order: Order) -> Sequence[PieceOfNews]:
        async with self._system.transaction() as tx:
            one = await plans.find(tx, tenant_id=order.tenant_id)
        if one is not None and one.subscription_id:
            return [await self._provider.find_subscription(one.subscription_id)]
        if one is None or not one.session_id:
            return ()
        checkout = await self._provider.find_checkout(one.session_id)
        if not checkout.subscription_id:
            return [checkout]
        return [checkout, await self._provider.find_subscription(checkout.subscription_id)]

    async def _payment_of(self, order: Order) -> Payment:
        if order.payment_id is None:
            raise LookupError(f"order {order.id} names no payment")
        async with self._system.transaction() as tx:
            payment = await payments.find(tx, tenant_id=order.tenant_id, payment_id=order.payment_id)
        if payment is None:
            raise LookupError(f"payment {order.payment_id}")
        return payment

    async def _note_failure(self, order: Order, error: ProviderError) -> None:
        log.warning(
            "payment_order_failed",
            order_id=str(order.id),
            kind=order.kind.value,
            failure=error.failure.value,
            provider_code=error.provider_code,
            ambiguous=error.ambiguous,
        )
        words = f"{error.failure.value} {error.provider_code}".strip()
        if error.permanent and error.failure is not FailureClass.CHANNEL_BLOCKED:
            await self._system.perform(lambda tx: self._give_up(tx, order, words))
            return
        in_doubt = error.ambiguous or order.in_doubt
        pause = min(timedelta(seconds=2 ** min(order.attempts - 1, 10)), LONGEST_PAUSE)
        if error.retry_after is not None:
            pause = max(pause, min(timedelta(seconds=error.retry_after), LONGEST_PAUSE))
        await self._put_back(order, OrderStatus.UNKNOWN if in_doubt else OrderStatus.QUEUED, pause, words)

    async def _put_back(self, order: Order, status: OrderStatus, pause: timedelta, words: str) -> None:
        await self._system.perform(
            lambda tx: orders.record_end(tx, order, status=status, failure=words, again_in=pause)
        )

    async def _give_up(self, tx: Transaction, order: Order, words: str) -> None:
        if not await orders.record_end(tx, order, status=OrderStatus.FAILED, failure=words):
            return
        payment = None
        if order.payment_id is not None:
            payment = await payments.find_locked(tx, tenant_id=order.tenant_id, payment_id=order.payment_id)
        if payment is not None and order.kind is OrderKind.OPEN_PAYMENT:
            fact = Fact(kind=FactKind.FAILED, words=words, happened_at=tx.now)
            await note_fact(tx, payment, fact, event_id=f"refused {order.id}")
        elif payment is not None and order.refund_id is not None:
            await refunds.record_end(tx, payment, refund_id=order.refund_id, status=RefundStatus.FAILED)


async def _expire_unopened(tx: Transaction, payment: Payment, order: Order) -> bool:
    """Close a payment whose page was never asked for; False if it may be there."""
    if not await orders.cancel_opening(tx, tenant_id=payment.tenant_id, payment_id=payment.id):
        return False
    await note_fact(tx, payment, Fact(kind=FactKind.EXPIRED, happened_at=tx.now), event_id=f"unopened {order.id}")
    return True
