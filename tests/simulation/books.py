"""What the database holds after a world about campaigns, money and decisions, for the judges."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

import asyncpg

CAMPAIGNS = "select id, tenant_id, status from campaigns order by id"
RECIPIENTS = "select campaign_id, phone_e164, send_job_id from campaign_recipients order by 1, 2"
DECISIONS = """
    select job.id as job_id, job.message_class, word.decided_at, word.verdict, word.code, word.facts::text as facts
    from send_decisions as word join send_jobs as job on job.id = word.job_id
    order by word.job_id, word.decided_at, word.id
"""
OPTED_OUT = """
    select tenant_id, phone_e164 from do_not_contact
    union select number.tenant_id, stop.phone_e164 from sender_opt_outs as stop
    join sending_numbers as number on number.phone_e164 = stop.sender_e164
"""
LIMITS = "select id, daily_budget_cents, monthly_budget_cents from tenants"


@dataclass(frozen=True, slots=True)
class Word:
    """One stored decision."""

    job_id: UUID
    message_class: str
    decided_at: datetime
    verdict: str
    code: str
    facts: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """Campaigns by id with status, who is in each, all decisions, whom the ledger knows, budgets a day and month."""

    campaigns: dict[UUID, str]
    recipients: dict[tuple[UUID, str], UUID | None]
    decisions: list[Word]
    opted_out: set[tuple[UUID, str]]
    limits: dict[UUID, tuple[Decimal, Decimal]]


async def read_books(connection: asyncpg.Connection) -> Books:
    """Read what a world has left behind."""
    return Books(
        campaigns={row["id"]: row["status"] for row in await connection.fetch(CAMPAIGNS)},
        recipients={(row[0], row[1]): row[2] for row in await connection.fetch(RECIPIENTS)},
        decisions=[Word(*row.values()) for row in await connection.fetch(DECISIONS)],
        opted_out={(row[0], row[1]) for row in await connection.fetch(OPTED_OUT)},
        limits={row[0]: (row[1], row[2]) for row in await connection.fetch(LIMITS)},
    )
