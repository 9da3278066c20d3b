"""What the inbox needs besides threads: who did what with them, and the indexes that find threads and words."""

from __future__ import annotations

from frontdesk.schema.roles import tenant_table

CHANGES: tuple[str, ...] = (
    """
    create table conv_changes (
      id uuid primary key,
      tenant_id uuid not null references tenants,
      conversation_id uuid not null references conversations on delete cascade,
      kind text not null check (kind in ('given', 'taken_back', 'snoozed', 'done', 'opened')),
      author text not null default '',
      given_to uuid references users on delete set null,
      rests_until timestamptz,
      changed_at timestamptz not null
    )
    """,
    "comment on table conv_changes is 'Who gave a thread to whom, put it to rest, settled or opened it'",
    "create index conv_changes_of_thread on conv_changes (conversation_id, changed_at desc)",
    "create index conv_changes_of_member on conv_changes (given_to) where given_to is not null",
    *tenant_table("conv_changes"),
)

# Words are looked up in both languages that the product speaks: a text's own language is not known. The tenant stands
# in front, so that another business's words cost nothing.
EXTENSIONS: tuple[str, ...] = (
    "create extension if not exists btree_gin",
    "create extension if not exists pg_trgm",
)

# What `conversations_latest` does as well, and in the order of pages.
REPLACED = "conversations_of_tenant"

# Built while texts come and go: each takes no lock that a text would wait for. One that was broken off is made anew.
INDEXES: tuple[tuple[str, str], ...] = (
    (
        "conversations_by_status",
        "on conversations (tenant_id, status, last_message_at desc, id desc)",
    ),
    (
        "conversations_by_member",
        "on conversations (tenant_id, assigned_to, last_message_at desc, id desc) where status = 'open'",
    ),
    (
        "conversations_latest",
        "on conversations (tenant_id, last_message_at desc, id desc)",
    ),
    (
        "calls_of_contact",
        "on calls (contact_id, started_at desc) where contact_id is not null",
    ),
    (
        "conv_messages_words",
        "on conv_messages using gin (tenant_id, (to_tsvector('english', body) || to_tsvector('spanish', body)))",
    ),
    (
        "conv_notes_words",
        "on conv_notes using gin (tenant_id, (to_tsvector('english', body) || to_tsvector('spanish', body)))",
    ),
    (
        "contacts_words",
        "on contacts using gin (tenant_id, (lower(name || ' ' || email || ' ' || phone_e164)) gin_trgm_ops)",
    ),
)
