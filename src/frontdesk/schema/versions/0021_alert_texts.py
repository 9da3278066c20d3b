"""What alerts by text keep, and what the monitors' own phone hears."""

from alembic import op

from frontdesk.schema.alert_texts import ALERTS_AND_MONITORS_BY_TEXT

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add tables; nothing that was there changes."""
    for statement in ALERTS_AND_MONITORS_BY_TEXT:
        op.execute(statement)
