"""Keys that sign what outlives an exchange of SECRET_KEY, and what was promised about deposits."""

from alembic import op

from frontdesk.schema.roles import tenant_table

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

KEYS = (
    """
    create table ring_keys (
      ring text not null check (ring ~ '^[a-z_]{1,40}$'),
      version smallint not null check (version > 0),
      sealed_key bytea not null,
      created_at timestamptz not null,
      primary key (ring, version)
    )
    """,
    "comment on table ring_keys is 'Keys that outlive an exchange of SECRET_KEY, sealed with it. System role only.'",
    "grant select, insert, update on ring_keys to frontdesk_system",
)

DEPOSITS = (
    "alter table sched_pages add column refund_hours integer check (refund_hours between 0 and 8760)",
    """
    comment on column sched_pages.refund_hours
      is 'How long before its start an appointment is called off at the latest for its deposit to go back; empty: never'
    """,
    """
    create table sched_deposits (
      hold_id uuid primary key,
      tenant_id uuid not null references tenants,
      payment_id uuid not null,
      appointment_id uuid,
      refund_hours integer check (refund_hours between 0 and 8760),
      created_at timestamptz not null,
      given_back_at timestamptz
    )
    """,
    "create unique index sched_deposits_of_appointment on sched_deposits (tenant_id, appointment_id)",
    """
    comment on table sched_deposits
      is 'Deposits that were asked for: what books, what pays, and what was promised for the case that it is called off'
    """,
    "comment on column sched_deposits.refund_hours is 'As it was promised before the payment'",
    *tenant_table("sched_deposits"),
)


def upgrade() -> None:
    """Add tables and a column; what runs on the schema before goes on as it did."""
    for statement in (*KEYS, *DEPOSITS):
        op.execute(statement)
