"""Services, resources, holds, appointments, and the one table that refuses an overlap."""

from alembic import op

from frontdesk.schema.booking_tables import SCHEDULING

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables and the extension of the constraint; nothing that was there changes."""
    for statement in SCHEDULING:
        op.execute(statement)
