"""Payments on the command line: looked at, given back, and missed news of them asked for."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from frontdesk.cli.options import AsJson, Home, OptionalTenant, TenantSlug

if TYPE_CHECKING:
    from frontdesk.features.billing import Payment, Refund
    from frontdesk.kernel.jobs import Run
    from frontdesk.wiring import Frontdesk

PATIENCE_SECONDS = 120.0
PACE_SECONDS = 0.25


def register(app: typer.Typer) -> None:
    """Add the verb."""
    verbs = typer.Typer(help="Payments: what was asked for, paid and given back.")
    verbs.command("list")(list_payments)
    verbs.command("refund")(refund_payment)
    verbs.command("replay")(replay_news)
    app.add_typer(verbs, name="payments")


def list_payments(*, tenant: OptionalTenant = None, home: Home = None, as_json: AsJson = False) -> None:
    """List the latest payments of a business, or of all, newest first."""
    from frontdesk.cli.office import find_tenant_id, with_office
    from frontdesk.cli.output import show_table, write_json
    from frontdesk.features import billing, tenants

    async def work(parts: Frontdesk) -> list[tuple[str, Payment]]:
        async with parts.system.transaction() as tx:
            businesses = await tenants.list_tenants(tx)
        wanted = None if tenant is None else await find_tenant_id(parts, tenant)
        found: list[tuple[str, Payment]] = []
        for business in businesses:
            if wanted in {None, business.id}:
                async with parts.app.transaction(business.id) as tx:
                    found += [(business.slug, one) for one in await billing.list_payments(tx, tenant_id=business.id)]
        return found

    found = with_office(home, work)
    if as_json:
        # The link is a key to the pay page: whoever needs it finds it in the API.
        write_json({"payments": [{"tenant": slug, **_told(one)} for slug, one in found]})
        return
    rows = [
        (str(one.id), slug, one.purpose, one.status.value, _money(one), one.refunded_cents or "", one.created_at)
        for slug, one in found
    ]
    show_table("Payments", ("id", "business", "for", "status", "amount", "given back, cents", "asked for"), rows)


def refund_payment(
    payment: Annotated[str, typer.Argument(help="Id of the payment, as `frontdesk payments list` shows it.")],
    *,
    tenant: TenantSlug,
    reason: Annotated[str, typer.Option("--reason", help="Why, for the audit log.")],
    cents: Annotated[int | None, typer.Option("--cents", help="How much; all that is left if nothing is said.")] = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Give money back; a running worker tells the payment company."""
    from frontdesk.cli.office import actor, find_tenant_id, with_office
    from frontdesk.cli.output import show_facts, write_json
    from frontdesk.features import billing

    payment_id = _id(payment)

    async def work(parts: Frontdesk) -> Refund:
        tenant_id = await find_tenant_id(parts, tenant)
        async with parts.app.transaction(tenant_id) as tx:
            return await billing.refund_payment(
                tx,
                tenant_id=tenant_id,
                payment_id=payment_id,
                amount_cents=cents,
                reason=reason,
                by=actor(),
                now=tx.now,
            )

    refund = with_office(home, work)
    told = {"id": str(refund.id), "cents": refund.amount_cents, "status": refund.status.value}
    if as_json:
        write_json(told)
    else:
        show_facts(told)


def replay_news(
    *,
    since: Annotated[str, typer.Option("--since", help="A moment like 2026-06-01T12:00:00Z, at most 29 days ago.")],
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Have a running worker take in what the payment company told since then and we never heard, and wait for it."""
    from frontdesk.cli.office import with_office
    from frontdesk.cli.output import console, write_json
    from frontdesk.features import billing
    from frontdesk.kernel.jobs import RunState, get_run

    moment = _moment(since)

    async def work(parts: Frontdesk) -> Run:
        async with parts.system.transaction() as tx:
            started = await billing.order_replay(tx, since=moment, key=f"cli {tx.now.isoformat()}")
        deadline = parts.clock.monotonic() + PATIENCE_SECONDS
        while True:
            async with parts.system.transaction() as tx:
                run = await get_run(tx, run_id=started.run_id)
            over = run.state in {RunState.SUCCEEDED, RunState.FAILED, RunState.CANCELED}
            if over or parts.clock.monotonic() > deadline:
                return run
            await asyncio.sleep(PACE_SECONDS)

    run = with_office(home, work)
    if as_json:
        write_json({"run_id": str(run.id), "state": run.state.value, "error": run.last_error})
    else:
        console().print(f"The replay is {run.state.value}. {run.last_error or ''}".rstrip())
    if run.state is not RunState.SUCCEEDED:
        raise typer.Exit(1)


def _told(one: Payment) -> dict[str, object]:
    return {
        "id": str(one.id),
        "purpose": one.purpose,
        "reference": str(one.reference),
        "status": one.status.value,
        "amount_cents": one.amount_cents,
        "currency": one.currency,
        "paid_cents": one.paid_cents,
        "refunded_cents": one.refunded_cents,
        "created_at": one.created_at.isoformat(),
    }


def _money(one: Payment) -> str:
    return f"{one.amount_cents / 100:.2f} {one.currency.upper()}"


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise typer.BadParameter(f"{text} is no id of a payment") from None


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text} is no moment: write it like 2026-06-01T12:00:00Z") from None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
