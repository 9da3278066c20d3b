"""Carriers' daily limits per brand, and a claim that is fair to every business."""

from alembic import op

from frontdesk.schema.pace_tables import PACE

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add tables, columns and an index in place of another; the code before this runs on beside, claiming slower."""
    for statement in PACE:
        op.execute(statement)
