"""Maintenance windows, settings of the platform, and monitors."""

from alembic import op

from frontdesk.schema.monitor_tables import MAINTENANCE_AND_MONITORS

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables and one small index; nothing that was there changes."""
    for statement in MAINTENANCE_AND_MONITORS:
        op.execute(statement)
