"""Plain SQL for the kernel's own tables: people, sessions, tokens, audit, hash chains and background runs."""

from __future__ import annotations

from frontdesk.schema.engine_tables import PGQUEUER

PEOPLE: tuple[str, ...] = (
    """
create table users (
    id uuid primary key,
    email text not null unique check (email = lower(email) and length(email) between 3 and 254),
    name text not null default '',
    password_hash text,
    platform_admin boolean not null default false,
    disabled_at timestamptz,
    password_changed_at timestamptz,
    created_at timestamptz not null
)
""",
    """
comment on table users is
    'People who can log in. Looked up before the tenant is known, therefore by the system role only.'
""",
    """
create table members (
    tenant_id uuid not null,
    user_id uuid not null references users (id) on delete cascade,
    role text not null check (role in ('owner', 'manager', 'agent', 'auditor')),
    created_at timestamptz not null,
    primary key (tenant_id, user_id)
)
""",
    "create index members_user_id_idx on members (user_id)",
    """
comment on table members is
    'Which person works for which business, in which role. Reading it is all that the app role may do here.'
""",
    """
create table sessions (
    id uuid primary key,
    token_hash bytea not null unique check (length(token_hash) = 32),
    user_id uuid not null references users (id) on delete cascade,
    created_at timestamptz not null,
    last_seen_at timestamptz not null,
    idle_expires_at timestamptz not null,
    expires_at timestamptz not null,
    revoked_at timestamptz,
    ip inet,
    user_agent text
)
""",
    "create index sessions_user_id_idx on sessions (user_id) where revoked_at is null",
    "create index sessions_expires_at_idx on sessions (expires_at)",
    """
comment on table sessions is
    'Browser sessions by the SHA-256 of an opaque random token. System role only: the tenant is not known yet.'
""",
    """
create table api_tokens (
    id uuid primary key,
    tenant_id uuid,
    name text not null,
    prefix text not null,
    token_hash bytea not null unique check (length(token_hash) = 32),
    scopes text[] not null,
    created_by text not null,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    last_used_at timestamptz,
    revoked_at timestamptz
)
""",
    "create index api_tokens_tenant_id_idx on api_tokens (tenant_id)",
    """
comment on table api_tokens is
    'Programs that may call us, by the SHA-256 of the token; no tenant means the whole platform. System role only.'
""",
    """
create table login_attempts (
    id bigint generated always as identity primary key,
    at timestamptz not null,
    account_hash bytea not null check (length(account_hash) = 32),
    ip inet not null,
    succeeded boolean not null default false
)
""",
    "create index login_attempts_account_hash_idx on login_attempts (account_hash, at)",
    "create index login_attempts_ip_idx on login_attempts (ip, at)",
    "create index login_attempts_at_idx on login_attempts (at)",
    """
comment on table login_attempts is
    'One row per password try, written before the password is checked; the throttle counts them. System role only.'
""",
    "alter table users enable row level security",
    "alter table users force row level security",
    "alter table members enable row level security",
    "alter table members force row level security",
    "alter table sessions enable row level security",
    "alter table sessions force row level security",
    "alter table api_tokens enable row level security",
    "alter table api_tokens force row level security",
    "alter table login_attempts enable row level security",
    "alter table login_attempts force row level security",
    "create policy system_all on users to frontdesk_system using (true) with check (true)",
    "create policy system_all on members to frontdesk_system using (true) with check (true)",
    "create policy system_all on sessions to frontdesk_system using (true) with check (true)",
    "create policy system_all on api_tokens to frontdesk_system using (true) with check (true)",
    "create policy system_all on login_attempts to frontdesk_system using (true) with check (true)",
    """
create policy app_own_tenant on members to frontdesk_app
    using (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid))
    with check (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid))
""",
    """
create policy app_own_tenant on api_tokens to frontdesk_app
    using (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid))
    with check (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid))
""",
    "grant select on members to frontdesk_app",
    "grant select, insert, update, delete on users, members, sessions, api_tokens, login_attempts to frontdesk_system",
)

CHAINS: tuple[str, ...] = (
    """
create table chain_heads (
    chain text not null,
    tenant_id uuid,
    seq bigint not null check (seq > 0),
    prev_hash bytea not null check (length(prev_hash) = 32),
    hash bytea not null check (length(hash) = 32),
    unique nulls not distinct (chain, tenant_id)
)
""",
    """
comment on table chain_heads is
    'The newest link of every hash chain; its row lock puts the writers of one chain in order.'
""",
    """
create function chain_append(
    p_chain text, p_tenant_id uuid, p_canonical text, out seq bigint, out prev_hash bytea, out hash bytea
)
language sql volatile security invoker
set search_path from current
as $$
    insert into chain_heads as head (chain, tenant_id, seq, prev_hash, hash)
    select p_chain, p_tenant_id, 1, genesis.digest,
           sha256(genesis.digest || int8send(1) || convert_to(p_canonical, 'UTF8'))
    from (
        select sha256(convert_to(
            'frontdesk chain v1/' || p_chain || '/' || coalesce(p_tenant_id::text, 'platform'), 'UTF8')) as digest
    ) as genesis
    on conflict (chain, tenant_id) do update
        set seq = head.seq + 1,
            prev_hash = head.hash,
            hash = sha256(head.hash || int8send(head.seq + 1) || convert_to(p_canonical, 'UTF8'))
    returning head.seq, head.prev_hash, head.hash
$$
""",
    """
comment on function chain_append(text, uuid, text) is
    'Adds one link: hash = sha256(prev_hash, seq as 8 bytes, canonical text). The head stays locked until commit.'
""",
    """
create function refuse_history_change() returns trigger
language plpgsql
as $$
begin
    if (select rolsuper from pg_roles where rolname = current_user) then
        if tg_op = 'DELETE' then
            return old;
        end if;
        return new;
    end if;
    raise exception '% on % is refused: history is only ever added to', tg_op, tg_table_name
        using errcode = 'insufficient_privilege';
end
$$
""",
    """
comment on function refuse_history_change() is
    'For triggers before update, delete or truncate on ledgers: only a superuser passes, and the chain shows it.'
""",
    """
create function refuse_chain_rewind() returns trigger
language plpgsql
as $$
begin
    if (select rolsuper from pg_roles where rolname = current_user)
        or (new.chain = old.chain and new.tenant_id is not distinct from old.tenant_id
            and new.seq = old.seq + 1 and new.prev_hash = old.hash)
    then
        return new;
    end if;
    raise exception 'a chain head only ever moves one link forward'
        using errcode = 'insufficient_privilege';
end
$$
""",
    """
create trigger chain_heads_forward_only before update on chain_heads
    for each row execute function refuse_chain_rewind()
""",
    """
create trigger chain_heads_no_delete before delete on chain_heads
    for each row execute function refuse_history_change()
""",
    """
create trigger chain_heads_no_truncate before truncate on chain_heads
    for each statement execute function refuse_history_change()
""",
    "alter table chain_heads enable row level security",
    "alter table chain_heads force row level security",
    "create policy system_all on chain_heads to frontdesk_system using (true) with check (true)",
    """
create policy app_own_tenant on chain_heads to frontdesk_app
    using (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid))
    with check (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid))
""",
    "grant select, insert, update on chain_heads to frontdesk_app, frontdesk_system",
)

AUDIT: tuple[str, ...] = (
    """
create table audit_log (
    tenant_id uuid,
    seq bigint not null check (seq > 0),
    at timestamptz not null,
    actor text not null,
    action text not null,
    subject text not null,
    details jsonb not null,
    canonical text not null,
    prev_hash bytea not null check (length(prev_hash) = 32),
    hash bytea not null check (length(hash) = 32),
    unique nulls not distinct (tenant_id, seq)
)
""",
    "create index audit_log_at_idx on audit_log (tenant_id, at)",
    """
comment on table audit_log is
    'Who did what to whom, hash-chained per business (no tenant: the platform). Rows are added, never changed.'
""",
    """
create trigger audit_log_no_change before update or delete on audit_log
    for each row execute function refuse_history_change()
""",
    """
create trigger audit_log_no_truncate before truncate on audit_log
    for each statement execute function refuse_history_change()
""",
    "alter table audit_log enable row level security",
    "alter table audit_log force row level security",
    "create policy system_all on audit_log to frontdesk_system using (true) with check (true)",
    """
create policy app_own_tenant on audit_log to frontdesk_app
    using (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid))
    with check (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid))
""",
    "grant select, insert on audit_log to frontdesk_app, frontdesk_system",
)

RUNS: tuple[str, ...] = (
    """
create table job_runs (
    id uuid primary key,
    tenant_id uuid,
    workflow text not null,
    key text not null,
    args jsonb not null,
    state text not null check (state in ('queued', 'running', 'succeeded', 'failed', 'canceled')),
    enqueued integer not null default 1,
    fence bigint not null default 0,
    attempts integer not null default 0,
    failed_step text,
    last_error text,
    forked_from uuid references job_runs (id) on delete set null,
    correlation_id uuid not null,
    created_at timestamptz not null,
    started_at timestamptz,
    finished_at timestamptz,
    unique nulls not distinct (tenant_id, workflow, key)
)
""",
    "create index job_runs_state_idx on job_runs (state, created_at) where state in ('queued', 'running', 'failed')",
    "create index job_runs_forked_from_idx on job_runs (forked_from) where forked_from is not null",
    """
comment on table job_runs is
    'One row per background run; fence rises with every claim, so that a stalled worker cannot write any more; '
    'enqueued numbers its places in the queue, so that only the newest counts.'
""",
    """
create table job_steps (
    id bigint generated always as identity primary key,
    run_id uuid not null references job_runs (id) on delete cascade,
    tenant_id uuid,
    name text not null,
    position integer not null,
    state text not null check (state in ('succeeded', 'failed', 'skipped')),
    result jsonb,
    error text,
    fence bigint not null,
    started_at timestamptz not null,
    finished_at timestamptz not null,
    superseded_at timestamptz
)
""",
    "create unique index job_steps_current_idx on job_steps (run_id, name) where superseded_at is null",
    "create index job_steps_run_id_idx on job_steps (run_id, id)",
    """
comment on table job_steps is
    'One row per finished try of a step, written in the transaction of the step; a later try supersedes it.'
""",
    """
create table job_schedules (
    name text primary key,
    workflow text not null,
    expression text not null,
    zone text not null,
    next_at timestamptz not null,
    last_at timestamptz,
    paused boolean not null default false
)
""",
    """
comment on table job_schedules is
    'What runs by the clock: the row lock of a due schedule lets exactly one worker start its run.'
""",
    "alter table job_runs enable row level security",
    "alter table job_runs force row level security",
    "alter table job_steps enable row level security",
    "alter table job_steps force row level security",
    "create policy system_all on job_runs to frontdesk_system using (true) with check (true)",
    "create policy system_all on job_steps to frontdesk_system using (true) with check (true)",
    """
create policy app_own_tenant on job_runs to frontdesk_app
    using (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid))
    with check (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid))
""",
    """
create policy app_own_tenant on job_steps to frontdesk_app
    using (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid))
    with check (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid))
""",
    "grant select, insert, update on job_runs, job_steps to frontdesk_app",
    "grant select, insert, update, delete on job_runs, job_steps, job_schedules to frontdesk_system",
    """
grant select, insert, update, delete on pgqueuer, pgqueuer_log, pgqueuer_schedules, pgqueuer_statistics
    to frontdesk_system
""",
    """
grant usage on sequence pgqueuer_id_seq, pgqueuer_log_id_seq, pgqueuer_schedules_id_seq, pgqueuer_statistics_id_seq
    to frontdesk_system
""",
    "grant insert, select (id, entrypoint, priority, dedupe_key, status) on pgqueuer to frontdesk_app",
    "grant insert on pgqueuer_log to frontdesk_app",
    "grant usage on sequence pgqueuer_id_seq, pgqueuer_log_id_seq to frontdesk_app",
)

AUTH_AND_AUDIT: tuple[str, ...] = (*PEOPLE, *CHAINS, *AUDIT)
JOBS: tuple[str, ...] = (*PGQUEUER, *RUNS)
