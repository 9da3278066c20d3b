"""Tables of alerts by text, and of what the monitors' own phone hears."""

from __future__ import annotations

ALERT_TEXTS: tuple[str, ...] = (
    """
    create table alert_texts (
      id uuid primary key,
      group_key text not null,
      began_at timestamptz not null,
      recipient_e164 text not null,
      sender_e164 text not null,
      body text not null check (length(body) between 1 and 400),
      status text not null check (status in ('posting', 'sent', 'unknown', 'waiting', 'failed', 'held')),
      reason text not null default '',
      provider_message_id text not null default '',
      created_at timestamptz not null,
      posted_at timestamptz,
      unique (group_key, began_at, recipient_e164)
    )
    """,
    """
    comment on table alert_texts
      is 'Texts to our own people on call: one per incident and person; held: not posted, and why. Kept 90 days'
    """,
    "create index alert_texts_created_at on alert_texts (created_at)",
    "create index alert_texts_posted_at on alert_texts (posted_at) where posted_at is not null",
    "grant select, insert, update, delete on alert_texts to frontdesk_system",
)

MONITOR_TEXTS: tuple[str, ...] = (
    """
    create table monitor_texts (
      id uuid primary key,
      sender_e164 text not null,
      recipient_e164 text not null,
      body text not null,
      heard_at timestamptz not null
    )
    """,
    "comment on table monitor_texts is 'What came to the number that monitors write from; kept as long as their runs'",
    "create index monitor_texts_heard_at on monitor_texts (heard_at)",
    "grant select, insert, delete on monitor_texts to frontdesk_system",
)

ALERTS_AND_MONITORS_BY_TEXT: tuple[str, ...] = (*ALERT_TEXTS, *MONITOR_TEXTS)
