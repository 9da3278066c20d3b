"""The last pieces of people in number: imports that can be undone, a budget for every business."""

from alembic import op

from frontdesk.schema.import_changes import PEOPLE_UNDONE

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add a table, columns of imports and a trigger; the code before this runs on beside."""
    for statement in PEOPLE_UNDONE:
        op.execute(statement)
