"""Tables of threads and of the dialogue: who has a thread and until when it rests, and what was offered in it."""

from __future__ import annotations

from frontdesk.schema.roles import tenant_table

THREADS: tuple[str, ...] = (
    """
    alter table conversations
      add column status text not null default 'open' check (status in ('open', 'snoozed', 'done')),
      add column assigned_to uuid references users on delete set null,
      add column snoozed_until timestamptz,
      add column person_asked_at timestamptz
    """,
    "comment on column conversations.person_asked_at is 'Since when somebody waits in it for a person at the business'",
    "create index conversations_of_member on conversations (assigned_to) where assigned_to is not null",
    "create index conversations_snoozed on conversations (snoozed_until) where snoozed_until is not null",
    "create index conversations_waiting on conversations (person_asked_at) where person_asked_at is not null",
    """
    create table conv_notes (
      id uuid primary key,
      tenant_id uuid not null references tenants,
      conversation_id uuid not null references conversations on delete cascade,
      author text not null,
      body text not null check (length(body) between 1 and 4000),
      created_at timestamptz not null
    )
    """,
    "comment on table conv_notes is 'What people at the business write to each other in a thread; never sent'",
    "create index conv_notes_of_thread on conv_notes (conversation_id, id desc)",
    *tenant_table("conv_notes"),
    """
    create table conv_reads (
      tenant_id uuid not null references tenants,
      conversation_id uuid not null references conversations on delete cascade,
      user_id uuid not null references users on delete cascade,
      read_at timestamptz not null,
      primary key (conversation_id, user_id)
    )
    """,
    "comment on table conv_reads is 'Up to when each member has read a thread'",
    "create index conv_reads_of_member on conv_reads (user_id)",
    *tenant_table("conv_reads"),
    """
    create table canned_replies (
      id uuid primary key,
      tenant_id uuid not null references tenants,
      name text not null check (length(name) between 1 and 60),
      body text not null check (length(body) between 1 and 1600),
      updated_at timestamptz not null,
      unique (tenant_id, name)
    )
    """,
    "comment on table canned_replies is 'Answers that a business keeps ready'",
    *tenant_table("canned_replies"),
)

DIALOGUES: tuple[str, ...] = (
    """
    create table dialogue_settings (
      tenant_id uuid primary key references tenants,
      active boolean not null default true,
      model_allowed boolean not null default true,
      person_within_minutes integer not null default 60 check (person_within_minutes between 1 and 10080),
      changed_at timestamptz not null
    )
    """,
    "comment on table dialogue_settings is 'Whether texts are answered by the program; without a row they are'",
    *tenant_table("dialogue_settings"),
    """
    create table conv_dialogues (
      conversation_id uuid primary key references conversations on delete cascade,
      tenant_id uuid not null references tenants,
      stage text not null default 'idle' check (stage in ('idle', 'offering', 'asking', 'with_person')),
      asking text not null default 'nothing'
        check (asking in ('nothing', 'book', 'move', 'call_off', 'service', 'change_or_call_off')),
      service_id uuid,
      appointment_id uuid,
      offers jsonb not null default '[]',
      offered_at timestamptz,
      expires_at timestamptz,
      last_meaning text not null default '',
      asked integer not null default 0,
      language text not null default 'en' check (language in ('en', 'es')),
      released_at timestamptz,
      updated_at timestamptz not null
    )
    """,
    "comment on table conv_dialogues is 'Where the automatic dialogue of a thread stands, and what it has offered'",
    "comment on column conv_dialogues.released_at is 'When a person last gave the thread back to the dialogue'",
    *tenant_table("conv_dialogues"),
    """
    create table conv_dialogue_turns (
      message_id uuid primary key references conv_messages on delete cascade,
      tenant_id uuid not null references tenants,
      conversation_id uuid not null references conversations on delete cascade,
      understood_by text not null check (understood_by in ('rules', 'model')),
      meaning text not null,
      outcome text not null,
      send_job_id uuid references send_jobs,
      heard_at timestamptz not null,
      decided_at timestamptz
    )
    """,
    "comment on table conv_dialogue_turns is 'What the dialogue made of each text: one row, one answer at most'",
    "create index conv_dialogue_turns_of_thread on conv_dialogue_turns (conversation_id)",
    "create index conv_dialogue_turns_open on conv_dialogue_turns (heard_at) where decided_at is null",
    *tenant_table("conv_dialogue_turns"),
)

THREADS_AND_DIALOGUES: tuple[str, ...] = (*THREADS, *DIALOGUES)
