"""What makes a text cheaper to send: a decision with one index entry, and nothing in it said twice."""

from __future__ import annotations

SEND_PATH: tuple[str, ...] = (
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
