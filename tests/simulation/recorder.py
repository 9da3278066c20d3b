"""What the database itself notes during a world: every change of a job's state, of consent and of the kill switches."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

import asyncpg

# Deferred triggers fire inside the commit: `tick` is the step of the commit, not of the statement.
INSTALL = """
    create table sim_trace (
      n bigint generated always as identity,
      tick bigint not null, began bigint not null, at double precision not null,
      kind text not null, job_id uuid, tenant_id uuid, phone text, sender text,
      was text, became text, class text, fence bigint, template text
    );
    create function sim_note(
      kind text, job_id uuid, tenant_id uuid, phone text, sender text, was text, became text, class text, fence bigint,
      template text
    ) returns void language sql security definer set search_path = public as $$
      insert into sim_trace
        (tick, began, at, kind, job_id, tenant_id, phone, sender, was, became, class, fence, template)
      values (coalesce(nullif(current_setting('sim.tick', true), ''), '0')::bigint,
              coalesce(nullif(current_setting('sim.began', true), ''), '0')::bigint,
              coalesce(nullif(current_setting('sim.at', true), ''), '0')::double precision, $1, $2, $3, $4, $5, $6, $7,
              $8, $9, $10)
    $$;
    create function sim_note_job() returns trigger language plpgsql as $$
    begin
      if tg_op = 'INSERT' then
        if new.cost_cents <> 0 then
          perform sim_note('cost', new.id, new.tenant_id, new.recipient_e164, new.sender_e164, '0',
                           new.cost_cents::text, new.message_class, new.fence, new.updated_at::text);
        end if;
        perform sim_note('job', new.id, new.tenant_id, new.recipient_e164, new.sender_e164, null, new.status,
                         new.message_class, new.fence, new.template);
        return null;
      end if;
      if new.cost_cents <> old.cost_cents then
        perform sim_note('cost', new.id, new.tenant_id, new.recipient_e164, new.sender_e164, old.cost_cents::text,
                         new.cost_cents::text, new.message_class, new.fence, new.updated_at::text);
      end if;
      if new.status <> old.status or new.fence <> old.fence then
        perform sim_note('job', new.id, new.tenant_id, new.recipient_e164, new.sender_e164, old.status, new.status,
                         new.message_class, new.fence, new.template);
      end if;
      return null;
    end $$;
    create function sim_note_refusal() returns trigger language plpgsql as $$
    begin
      if tg_op = 'DELETE' then
        perform sim_note('refusal', null, old.tenant_id, old.phone_e164, null, old.scope, null, null, null, null);
      else
        perform sim_note('refusal', null, new.tenant_id, new.phone_e164, null, null, new.scope, null, null, null);
      end if;
      return null;
    end $$;
    create function sim_note_switch() returns trigger language plpgsql as $$
    begin
      perform sim_note('switch', null, null, new.scope, new.key, null,
                       case when new.paused_at is null then 'on' else 'paused' end, null, null, null);
      return null;
    end $$;
    create function sim_note_budget() returns trigger language plpgsql as $$
    begin
      perform sim_note('budget', null, new.tenant_id, new.day::text, new.month::text, new.daily_spent_cents::text,
                       new.monthly_spent_cents::text, null, null, null);
      return null;
    end $$;
    create function sim_note_stream() returns trigger language plpgsql as $$
    begin
      if new.closed_at is not null and old.closed_at is null then
        perform sim_note('closed', new.campaign_id, new.tenant_id, null, null, null, null, null, null, null);
      end if;
      return null;
    end $$;
    create constraint trigger sim_budget after insert or update on budgets
      deferrable initially deferred for each row execute function sim_note_budget();
    create constraint trigger sim_stream after update on send_streams
      deferrable initially deferred for each row execute function sim_note_stream();
    create constraint trigger sim_job after insert or update on send_jobs
      deferrable initially deferred for each row execute function sim_note_job();
    create constraint trigger sim_refusal after insert or update or delete on do_not_contact
      deferrable initially deferred for each row execute function sim_note_refusal();
    create constraint trigger sim_switch after insert or update on delivery_switches
      deferrable initially deferred for each row execute function sim_note_switch();
"""

RESET = """
    begin;
    set local session_replication_role = replica;
    delete from send_decisions;
    delete from send_attempts;
    delete from textbacks;
    delete from textback_cooldowns;
    delete from conv_messages;
    delete from tasks;
    delete from conversations;
    delete from send_jobs;
    delete from budgets;
    delete from campaign_recipients;
    delete from campaigns;
    delete from rehearsals;
    delete from opt_ins;
    delete from opt_in_requests;
    delete from global_do_not_contact;
    delete from send_streams;
    delete from number_paces;
    delete from provider_shares;
    delete from job_steps;
    delete from job_runs;
    delete from pgqueuer;
    delete from pgqueuer_log;
    delete from provoked_texts;
    delete from voicemails;
    delete from calls;
    delete from contacts;
    delete from compliance_events;
    delete from do_not_contact;
    delete from sender_opt_outs;
    delete from webhook_events;
    delete from outbox_events;
    delete from outbox_events_errors;
    delete from parked_receipts;
    delete from delivery_switches;
    delete from breakers;
    delete from live_processes;
    delete from audit_log;
    delete from chain_heads;
    delete from sending_numbers where id <> tenant_id;
    update sending_numbers
    set texting_allowed = true, texting_blocked_reason = '', registration_status = default, registration_id = default,
        segments_per_second = default, burst = default, warmup = default, daily_limit = default;
    update tenants
    set daily_budget_cents = default, monthly_budget_cents = default, registrations = default,
        marketing_daily_cap = default, texting_countries = default;
    insert into budgets (tenant_id, day, month, updated_at)
    select id, date '2027-01-01', date '2027-01-01', timestamptz '2027-01-01' from tenants;
    delete from sim_trace;
    commit
"""
TIDY = """
    vacuum budgets, campaign_recipients, campaigns, rehearsals, opt_ins, send_streams, number_paces, job_steps,
      job_runs, pgqueuer, tenants, sending_numbers, send_decisions, send_attempts, textbacks,
      textback_cooldowns, conv_messages, tasks, conversations, send_jobs, voicemails, calls, contacts,
      compliance_events, do_not_contact, sender_opt_outs, webhook_events, outbox_events, outbox_events_errors,
      parked_receipts, delivery_switches, breakers, live_processes, audit_log, chain_heads, sim_trace
"""
READ_TRACE = """
    select n, tick, began, at, kind, job_id, tenant_id, phone, sender, was, became, class, fence, template
    from sim_trace order by tick, n
"""


@dataclass(frozen=True, slots=True)
class Change:
    """One committed change: `tick` of the commit, `began` of its transaction, `at` in simulated seconds."""

    n: int
    tick: int
    began: int
    at: float
    kind: str
    job_id: UUID | None
    tenant_id: UUID | None
    phone: str | None
    sender: str | None
    was: str | None
    became: str | None
    message_class: str | None
    fence: int | None
    template: str | None


async def install(connection: asyncpg.Connection) -> None:
    """Prepare a database for worlds."""
    await connection.execute(INSTALL)


async def reset(connection: asyncpg.Connection) -> None:
    """Empty everything but the businesses and their numbers."""
    await connection.execute(RESET)


async def tidy(connection: asyncpg.Connection) -> None:
    """Take away what the emptied worlds left on the pages."""
    await connection.execute(TIDY)


async def read_trace(connection: asyncpg.Connection) -> list[Change]:
    """Read all changes in the order of their commits."""
    return [Change(*row.values()) for row in await connection.fetch(READ_TRACE)]
