"""Indexes that find threads, words, people and what happened when."""

from alembic import op

from frontdesk.schema import inbox_tables, reporting_tables
from frontdesk.schema.migrate import LOCK_TIMEOUT, PATIENT

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Build indexes while everybody goes on working; broken off at any point, it is simply done again."""
    with op.get_context().autocommit_block():
        op.execute(f"set lock_timeout = '{PATIENT}'")
        for name, what in (*inbox_tables.INDEXES, *reporting_tables.INDEXES):
            op.execute(f"drop index concurrently if exists {name}")
            op.execute(f"create index concurrently {name} {what}")
        op.execute(f"drop index concurrently if exists {inbox_tables.REPLACED}")
        op.execute(f"set lock_timeout = '{LOCK_TIMEOUT}'")
