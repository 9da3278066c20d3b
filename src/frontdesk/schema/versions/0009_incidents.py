"""Incidents, what is learnt from them, and who is on call."""

from alembic import op

from frontdesk.schema.incident_tables import INCIDENTS_AND_ON_CALL

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables; nothing that was there changes."""
    for statement in INCIDENTS_AND_ON_CALL:
        op.execute(statement)
