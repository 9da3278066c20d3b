"""Taking in what the payment company tells of payments: facts are added, and a payment is what its facts come to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import assert_never
from uuid import UUID

from frontdesk.features.billing.events import PaymentExpired, PaymentFailed, PaymentRefunded, PaymentSucceeded
from frontdesk.features.billing.model import (
    Account,
    Fact,
    FactKind,
    OrderKind,
    Payment,
    PaymentStatus,
    RefundStatus,
    account_for,
    latest_refunds,
)
from frontdesk.features.billing.queries import orders, payments, refunds
from frontdesk.features.billing.service.planning import hear_of_subscription, note_subscription_checkout
from frontdesk.kernel.db import Transaction
from frontdesk.ports.payments import (
    ChargeNews,
    CheckoutNews,
    CheckoutStatus,
    InvoiceNews,
    PieceOfNews,
    RefundNews,
    SubscriptionNews,
)

LINKING_ROUNDS = 4  # a session leads to a charge, a charge to its refunds: more there is not
REFUND_STATUS_OF = {
    "pending": RefundStatus.PENDING,
    "requires_action": RefundStatus.PENDING,
    "succeeded": RefundStatus.SUCCEEDED,
    "failed": RefundStatus.FAILED,
    "canceled": RefundStatus.CANCELED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Named:
    """A piece of news about a payment: what it is called there, what we called it, and the facts in it."""

    facts: Sequence[Fact]
    session_id: str = ""
    intent_id: str = ""
    payment_id: UUID | None = None
    own_refund_id: UUID | None = None
    url: str = ""


async def take_news(
    tx: Transaction, pieces: Sequence[PieceOfNews], *, event_id: str, happened_at: datetime, asked: bool = False
) -> None:
    """Take in what one event, or one answer to what we `asked`, of the payment company says; runs as the system role.

    News of a payment that we do not know by these names yet is kept, and counts as soon as we do. The same news twice,
    older news after newer, and a refund before its charge change nothing about where it all ends.
    """
    position = 0
    for piece in pieces:
        match piece:
            case SubscriptionNews() | InvoiceNews():
                await hear_of_subscription(tx, piece, happened_at=happened_at)
            case CheckoutNews() if piece.own_subscription_id is not None or piece.subscription_id:
                await note_subscription_checkout(tx, piece)
            case CheckoutNews() | ChargeNews() | RefundNews():
                named = _name(piece, happened_at)
                await _take_facts(tx, named, event_id=event_id, position=position, asked=asked)
                position += len(named.facts)
            case _:
                assert_never(piece)


async def note_fact(tx: Transaction, payment: Payment, fact: Fact, *, event_id: str) -> None:
    """Add a fact that we know by ourselves: a pay page was refused, or never made."""
    await payments.hold_names(tx, [str(payment.id)])
    await payments.add_fact(tx, fact, tenant_id=payment.tenant_id, payment_id=payment.id, event_id=event_id, position=0)
    await settle_payment(tx, tenant_id=payment.tenant_id, payment_id=payment.id)


async def settle_payment(
    tx: Transaction, *, tenant_id: UUID, payment_id: UUID, url: str = "", asked: bool = False
) -> Payment | None:
    """Bring a payment to what its facts come to, and announce what has changed; returns it as it was before.

    Where refunds are missing, we ask; but an answer to what we `asked` is no reason to ask again.
    """
    payment = await payments.find_locked(tx, tenant_id=tenant_id, payment_id=payment_id)
    if payment is None:
        return None
    facts = await _gather(tx, payment)
    account = account_for(facts, start=payment.status)
    for fact in latest_refunds(facts):
        await refunds.record(tx, payment, fact)
    if account.misses_refunds and not asked:
        await orders.add(tx, OrderKind.LOOK_UP_PAYMENT, tenant_id=tenant_id, payment_id=payment_id)
    if _differs(payment, account) or (url and url != payment.checkout_url):
        await payments.record_account(tx, payment, account, checkout_url=url or payment.checkout_url)
        _announce(tx, payment, account)
    return payment


async def _take_facts(tx: Transaction, named: _Named, *, event_id: str, position: int, asked: bool) -> None:
    refund_names = [fact.refund_id for fact in named.facts]
    await payments.hold_names(tx, [named.session_id, named.intent_id, *refund_names])
    owner = await payments.find_owner(
        tx, payment_id=named.payment_id, session_id=named.session_id, intent_id=named.intent_id
    )
    payment_id, tenant_id = owner or (named.payment_id, None)
    for offset, fact in enumerate(named.facts):
        await payments.add_fact(
            tx, fact, tenant_id=tenant_id, payment_id=payment_id, event_id=event_id, position=position + offset
        )
    if payment_id is None or tenant_id is None:
        return
    if named.own_refund_id is not None and refund_names:
        payment = await payments.find_locked(tx, tenant_id=tenant_id, payment_id=payment_id)
        if payment is not None:
            await refunds.record_name(tx, payment, refund_id=named.own_refund_id, provider_refund_id=refund_names[0])
    await settle_payment(tx, tenant_id=tenant_id, payment_id=payment_id, url=named.url, asked=asked)


async def _gather(tx: Transaction, payment: Payment) -> Sequence[Fact]:
    """Read every fact of a payment, by the names that the facts themselves bring to light, too."""
    sessions, intents = {payment.session_id} - {""}, {payment.intent_id} - {""}
    facts: Sequence[Fact] = ()
    for _ in range(LINKING_ROUNDS):
        facts = await payments.list_facts(tx, payment_id=payment.id, sessions=sorted(sessions), intents=sorted(intents))
        known = len(sessions) + len(intents)
        sessions |= {fact.session_id for fact in facts} - {""}
        intents |= {fact.intent_id for fact in facts} - {""}
        if len(sessions) + len(intents) == known:
            break
    return facts


def _name(piece: CheckoutNews | ChargeNews | RefundNews, happened_at: datetime) -> _Named:
    match piece:
        case CheckoutNews():
            return _Named(
                facts=(_checkout_fact(piece, happened_at),),
                session_id=piece.session_id,
                intent_id=piece.intent_id,
                payment_id=piece.payment_id,
                url=piece.url,
            )
        case ChargeNews():
            return _Named(
                facts=tuple(_charge_facts(piece, happened_at)),
                intent_id=piece.intent_id,
                payment_id=piece.payment_id,
            )
        case RefundNews():
            fact = Fact(
                kind=FactKind.REFUND,
                intent_id=piece.intent_id,
                refund_id=piece.refund_id,
                refund_status=REFUND_STATUS_OF.get(piece.status, RefundStatus.PENDING),
                amount_cents=piece.amount_cents,
                currency=piece.currency,
                happened_at=happened_at,
            )
            return _Named(
                facts=(fact,),
                intent_id=piece.intent_id,
                payment_id=piece.payment_id,
                own_refund_id=piece.own_refund_id,
            )
        case _:
            assert_never(piece)


def _checkout_fact(news: CheckoutNews, happened_at: datetime) -> Fact:
    kind = FactKind.OPENED
    if news.is_paid:
        kind = FactKind.PAID
    elif news.has_failed:
        kind = FactKind.FAILED
    elif news.status is CheckoutStatus.EXPIRED:
        kind = FactKind.EXPIRED
    elif news.status is CheckoutStatus.COMPLETE:
        kind = FactKind.COMPLETED
    return Fact(
        kind=kind,
        session_id=news.session_id,
        intent_id=news.intent_id,
        amount_cents=news.amount_cents,
        currency=news.currency,
        happened_at=happened_at,
    )


def _charge_facts(news: ChargeNews, happened_at: datetime) -> list[Fact]:
    facts = []
    if news.is_paid:
        facts.append(_charge_fact(FactKind.PAID, news, news.amount_cents, happened_at))
    if news.failure:
        facts.append(_charge_fact(FactKind.DECLINED, news, news.amount_cents, happened_at))
    if news.refunded_cents:
        facts.append(_charge_fact(FactKind.REFUNDED, news, news.refunded_cents, happened_at))
    return facts


def _charge_fact(kind: FactKind, news: ChargeNews, cents: int, happened_at: datetime) -> Fact:
    return Fact(
        kind=kind,
        intent_id=news.intent_id,
        amount_cents=cents,
        currency=news.currency,
        words=news.failure if kind is FactKind.DECLINED else "",
        happened_at=happened_at,
    )


def _differs(payment: Payment, account: Account) -> bool:
    known = (payment.status, payment.paid_cents, payment.paid_at, payment.refunded_cents, payment.failure)
    told = (account.status, account.paid_cents, account.paid_at, account.refunded_cents, account.failure)
    return known != told or _renamed(payment, account)


def _renamed(payment: Payment, account: Account) -> bool:
    names = (account.session_id or payment.session_id, account.intent_id or payment.intent_id)
    return names != (payment.session_id, payment.intent_id)


def _announce(tx: Transaction, payment: Payment, account: Account) -> None:
    if payment.status is not account.status:
        _announce_status(tx, payment, account)
    if payment.refunded_cents != account.refunded_cents:
        tx.announce(
            PaymentRefunded(
                payment_id=payment.id,
                purpose=payment.purpose,
                reference=payment.reference,
                contact_id=payment.contact_id,
                refunded_cents=account.refunded_cents,
                amount_cents=account.paid_cents,
                currency=payment.currency,
            ),
            tenant_id=payment.tenant_id,
        )


def _announce_status(tx: Transaction, payment: Payment, account: Account) -> None:
    match account.status:
        case PaymentStatus.PAID:
            tx.announce(
                PaymentSucceeded(
                    payment_id=payment.id,
                    purpose=payment.purpose,
                    reference=payment.reference,
                    contact_id=payment.contact_id,
                    amount_cents=account.paid_cents,
                    currency=payment.currency,
                    paid_at=account.paid_at or tx.now,
                ),
                tenant_id=payment.tenant_id,
            )
        case PaymentStatus.EXPIRED:
            tx.announce(
                PaymentExpired(
                    payment_id=payment.id,
                    purpose=payment.purpose,
                    reference=payment.reference,
                    contact_id=payment.contact_id,
                ),
                tenant_id=payment.tenant_id,
            )
        case PaymentStatus.FAILED:
            tx.announce(
                PaymentFailed(
                    payment_id=payment.id,
                    purpose=payment.purpose,
                    reference=payment.reference,
                    contact_id=payment.contact_id,
                    reason=account.failure,
                ),
                tenant_id=payment.tenant_id,
            )
        case PaymentStatus.REQUESTED | PaymentStatus.OPEN:
            return
        case _:
            assert_never(account.status)
