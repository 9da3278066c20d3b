"""Tables of consent in writing: opt-in records, double opt-in, lists of people who must not be contacted."""

from __future__ import annotations

from frontdesk.schema.roles import tenant_table

# From here on a link holds a fingerprint of the event, so that one person's records prove themselves alone.
LEDGER: tuple[str, ...] = (
    "alter table compliance_events add column body text, add column person_no bigint",
    """
    create unique index compliance_events_person_no on compliance_events (tenant_id, phone_e164, person_no)
      where person_no is not null
    """,
    """
    comment on column compliance_events.body
      is 'The event in canonical JSON; `canonical`, which is chained, holds its SHA-256 and names nobody'
    """,
    """
    comment on column compliance_events.person_no
      is 'The event''s number in the person''s own history, which its body chains too; null before version 2'
    """,
)

OPT_INS: tuple[str, ...] = (
    """
    create table opt_ins (
      id uuid primary key,
      tenant_id uuid not null references tenants,
      phone_e164 text not null,
      kind text not null check (kind in ('written', 'oral', 'implied')),
      scope text not null check (scope in ('marketing', 'transactional')),
      text_shown text not null,
      text_sha256 text not null,
      url text not null,
      given_at timestamptz,
      zone text not null,
      ip text not null,
      user_agent text not null,
      sellers text[] not null,
      not_a_condition boolean not null,
      source text not null,
      missing text[] not null,
      source_key text,
      recorded_at timestamptz not null,
      recorded_by text not null,
      request_id uuid,
      confirmed_at timestamptz,
      revoked_at timestamptz,
      revoked_because text not null default ''
    )
    """,
    """
    comment on table opt_ins
      is 'Consents with the evidence the law asks for; taken back, never deleted. missing: what bars it from marketing'
    """,
    """
    create index opt_ins_of_person on opt_ins (tenant_id, phone_e164, scope, (cardinality(missing)), given_at desc)
      where revoked_at is null
    """,
    "create index opt_ins_of_tenant on opt_ins (tenant_id, id desc)",
    "create unique index opt_ins_source_key on opt_ins (tenant_id, source_key) where source_key is not null",
    *tenant_table("opt_ins", app_rights="select, insert"),
    "grant update (revoked_at, revoked_because) on opt_ins to frontdesk_app, frontdesk_system",
    """
    create table opt_in_requests (
      id uuid primary key,
      tenant_id uuid not null references tenants,
      phone_e164 text not null,
      opt_in jsonb not null,
      frequency text not null,
      requested_at timestamptz not null,
      requested_by text not null,
      expires_at timestamptz not null,
      outcome text check (outcome in ('confirmed', 'expired', 'canceled')),
      answered_at timestamptz
    )
    """,
    """
    comment on table opt_in_requests
      is 'Consents that wait for the person''s own YES by text, for 72 hours; they permit nothing'
    """,
    "create unique index opt_in_requests_open on opt_in_requests (tenant_id, phone_e164) where outcome is null",
    "create index opt_in_requests_due on opt_in_requests (expires_at) where outcome is null",
    *tenant_table("opt_in_requests", app_rights="select, insert"),
    "grant update (outcome, answered_at) on opt_in_requests to frontdesk_app, frontdesk_system",
)

# A person's refusal and the business's own listing of them stand side by side: lifting one leaves the other.
DO_NOT_CONTACT: tuple[str, ...] = (
    """
    alter table do_not_contact
      add column source text not null default 'person'
        check (source in ('person', 'carrier', 'unsure', 'business')),
      add column listed_scope text,
      add column listed_reason text,
      add column listed_at timestamptz,
      add column listed_by text,
      add column import_id uuid
    """,
    "create index do_not_contact_latest on do_not_contact (tenant_id, since, phone_e164)",
    """
    comment on table do_not_contact
      is 'Who must not be texted now; a person''s own refusal is lifted only by their own new consent'
    """,
    """
    create table global_do_not_contact (
      phone_e164 text primary key,
      scope text not null check (scope in ('all', 'marketing')),
      reason text not null,
      listed_by text not null,
      import_id uuid,
      since timestamptz not null
    )
    """,
    "create index global_do_not_contact_latest on global_do_not_contact (since, phone_e164)",
    "comment on table global_do_not_contact is 'Whom no business on this platform may text'",
    "grant select on global_do_not_contact to frontdesk_app, frontdesk_system",
    "grant insert, update, delete on global_do_not_contact to frontdesk_system",
    """
    create table suppression_imports (
      id uuid primary key,
      tenant_id uuid,
      name text not null,
      scope text not null check (scope in ('all', 'marketing')),
      reason text not null,
      imported_by text not null,
      rows_read bigint not null default 0,
      added bigint not null default 0,
      known bigint not null default 0,
      invalid bigint not null default 0,
      invalid_rows jsonb not null default '[]',
      started_at timestamptz not null,
      finished_at timestamptz
    )
    """,
    """
    comment on table suppression_imports
      is 'Imports of do-not-contact lists, of a business or (no tenant) the platform; not finished = died on the way'
    """,
    "create index suppression_imports_of_tenant on suppression_imports (tenant_id, id desc)",
    *tenant_table("suppression_imports", app_rights="select, insert, update"),
)

CONSENT_RECORDS: tuple[str, ...] = (*LEDGER, *OPT_INS, *DO_NOT_CONTACT)
