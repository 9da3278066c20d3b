"""Alerts: what is counted, what is wrong, who was told."""

from alembic import op

from frontdesk.schema.alerting import ALERTING

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables of alerts; the code before this runs on beside."""
    for statement in ALERTING:
        op.execute(statement)
