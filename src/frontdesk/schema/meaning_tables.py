"""What texts mean, as vectors of small whole numbers, and how far they have been read for it."""

from __future__ import annotations

from frontdesk.schema.roles import tenant_table

# An empty vector: nothing could be made of the text, and nobody need try again.
MEANINGS: tuple[str, ...] = (
    """
    create table conv_meanings (
      message_id uuid primary key references conv_messages on delete cascade,
      tenant_id uuid not null references tenants,
      model text not null,
      scale integer not null,
      vector bytea not null check (octet_length(vector) <= 4096),
      said_at timestamptz not null
    )
    """,
    "comment on table conv_meanings is 'What texts mean to one model; goes with the text'",
    "comment on column conv_meanings.vector is 'One signed byte a dimension; empty if none was made'",
    "comment on column conv_meanings.scale is 'What the bytes are times, in billionths'",
    "create index conv_meanings_newest on conv_meanings (tenant_id, model, said_at desc)",
    *tenant_table("conv_meanings"),
    """
    create table conv_meaning_marks (
      tenant_id uuid primary key references tenants,
      model text not null,
      newest_at timestamptz not null,
      oldest_at timestamptz,
      leased_until timestamptz,
      failed_at timestamptz,
      failure text not null default ''
    )
    """,
    "comment on table conv_meaning_marks is 'Between which moments a business''s texts were read for their meaning'",
    "comment on column conv_meaning_marks.oldest_at is 'Empty once nothing older is left to be read'",
    *tenant_table("conv_meaning_marks"),
)
