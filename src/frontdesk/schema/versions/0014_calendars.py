"""Connected calendars, their channels and sync tokens."""

from alembic import op

from frontdesk.schema.calendar_tables import CALENDAR_TABLES

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables; nothing that was there changes."""
    for statement in CALENDAR_TABLES:
        op.execute(statement)
