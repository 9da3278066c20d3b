"""How services are shown to strangers: publicly or not, with a price; and the colour of the booking page."""

from alembic import op

from frontdesk.schema.roles import tenant_table

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

STATEMENTS = (
    """
    create table sched_showings (
      service_id uuid primary key references sched_services on delete cascade,
      tenant_id uuid not null references tenants,
      public boolean not null default true,
      price_cents numeric(12, 0) check (price_cents between 0 and 100000000),
      updated_at timestamptz not null
    )
    """,
    """
    comment on table sched_showings
      is 'How a service is shown on the public booking page; one without a row is public and names no price'
    """,
    *tenant_table("sched_showings"),
    """
    alter table sched_pages add column accent text not null default 'indigo'
      check (accent in ('indigo', 'teal', 'amber', 'plum', 'rose', 'olive'))
    """,
    "comment on column sched_pages.accent is 'The colour of the booking page'",
)


def upgrade() -> None:
    """Add a table and a column with a default; nothing that was there changes."""
    for statement in STATEMENTS:
        op.execute(statement)
