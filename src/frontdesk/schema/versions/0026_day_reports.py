"""Everything that reports tell of a day, kept with it, and which days that are over something late has changed."""

from alembic import op

from frontdesk.schema.migrate import LOCK_TIMEOUT, PATIENT
from frontdesk.schema.reporting_tables import ANSWERED_BEFORE, DAY_REPORTS

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add a column that may be empty, a table, two triggers, and an index while everybody goes on working."""
    for statement in DAY_REPORTS:
        op.execute(statement)
    name, what = ANSWERED_BEFORE
    with op.get_context().autocommit_block():
        op.execute(f"set lock_timeout = '{PATIENT}'")
        op.execute(f"drop index concurrently if exists {name}")
        op.execute(f"create index concurrently {name} {what}")
        op.execute(f"set lock_timeout = '{LOCK_TIMEOUT}'")
