"""Tables of campaigns: what is said to whom and when, and what became of it."""

from __future__ import annotations

from frontdesk.schema.roles import tenant_table

CAMPAIGNS: tuple[str, ...] = (
    """
    create table campaigns (
      id uuid primary key,
      tenant_id uuid not null references tenants,
      name text not null check (length(name) between 1 and 120),
      status text not null check (status in ('draft', 'approved', 'expanding', 'running', 'completed', 'canceled')),
      audience jsonb not null,
      variants jsonb not null,
      senders text[] not null,
      schedule jsonb not null,
      per_minute numeric(10, 2) check (per_minute > 0),
      quiet_from time,
      quiet_until time,
      ends_at timestamptz not null,
      content_hash text not null,
      approved_by text,
      approved_at timestamptz,
      rehearsal_id uuid,
      run_id uuid,
      recipients integer not null default 0,
      trip_opt_outs smallint not null default 3 check (trip_opt_outs between 0 and 100),
      trip_failures smallint not null default 5 check (trip_failures between 0 and 100),
      tripped_because text,
      resumed_at timestamptz,
      cloned_from uuid,
      created_by text not null,
      created_at timestamptz not null,
      updated_at timestamptz not null,
      started_at timestamptz,
      ended_at timestamptz
    )
    """,
    "comment on table campaigns is 'Texts of one kind to many: what is said, to whom, when, and who approved it'",
    "create index campaigns_of_tenant on campaigns (tenant_id, id desc)",
    "create index campaigns_moving on campaigns (status) where status in ('expanding', 'running')",
    *tenant_table("campaigns"),
    """
    create table campaign_recipients (
      campaign_id uuid not null references campaigns on delete cascade,
      phone_e164 text not null,
      tenant_id uuid not null,
      contact_id uuid not null references contacts,
      variant text not null,
      sender_e164 text not null default '',
      send_job_id uuid references send_jobs,
      skipped_because text,
      due_at timestamptz,
      added_at timestamptz not null,
      primary key (campaign_id, phone_e164)
    )
    """,
    """
    comment on table campaign_recipients
      is 'Each person of a campaign, once: the text made for them, or why there is none'
    """,
    "create index campaign_recipients_of_contact on campaign_recipients (contact_id)",
    "create index campaign_recipients_of_job on campaign_recipients (send_job_id) where send_job_id is not null",
    *tenant_table("campaign_recipients"),
    """
    create table rehearsals (
      id uuid primary key,
      tenant_id uuid not null references tenants,
      campaign_id uuid not null references campaigns on delete cascade,
      content_hash text not null,
      status text not null check (status in ('running', 'done', 'failed')),
      starts_at timestamptz not null,
      ends_at timestamptz not null,
      summary jsonb not null default '{}',
      rehearsed integer not null default 0,
      created_by text not null,
      created_at timestamptz not null,
      done_at timestamptz
    )
    """,
    "comment on table rehearsals is 'What a campaign would do over the next days, played before anything leaves'",
    "create index rehearsals_of_campaign on rehearsals (campaign_id, id desc)",
    *tenant_table("rehearsals"),
    """
    create table rehearsal_entries (
      rehearsal_id uuid not null references rehearsals on delete cascade,
      phone_e164 text not null,
      tenant_id uuid not null,
      contact_id uuid not null,
      variant text not null,
      sender_e164 text not null,
      verdict text not null check (verdict in ('send', 'hold', 'bar', 'drop')),
      code text not null,
      citation text not null,
      would_leave_at timestamptz,
      segments smallint not null,
      cost_cents numeric(12, 4) not null,
      body text not null,
      primary key (rehearsal_id, phone_e164)
    )
    """,
    "comment on table rehearsal_entries is 'One person in a rehearsal: what they would get and when, or why not'",
    *tenant_table("rehearsal_entries"),
)
