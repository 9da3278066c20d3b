"""What makes a text cheaper to send: fewer index entries per text, updates that stay on their page."""

from __future__ import annotations

SEND_PATH: tuple[str, ...] = (
    # An attempt is written twice, and what the second write changes is in no index: it stays on its page.
    "alter table send_attempts set (fillfactor = 45)",
    "create index send_attempts_of_tenant on send_attempts (tenant_id, posting_at desc)",
    "drop index send_attempts_started",
    # A decision is always asked for by its job.
    "alter table send_decisions drop constraint send_decisions_pkey, add primary key (job_id, id)",
    "drop index send_decisions_of_job",
    # Nearly every text passes every gate; to repeat what they said would be four fifths of a decision.
    """
    create table passed_gates (
      rules_version text primary key,
      gates jsonb not null
    )
    """,
    """
    comment on table passed_gates
      is 'What every gate says of a text that passes them all, per version of the rules; such a decision repeats none'
    """,
    "grant select, insert on passed_gates to frontdesk_app, frontdesk_system",
)
