"""What reports read: the figures of days that are over."""

from alembic import op

from frontdesk.schema.reporting_tables import REPORTING

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add a table; nothing that was there changes."""
    for statement in REPORTING:
        op.execute(statement)
