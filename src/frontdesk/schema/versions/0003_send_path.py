"""The path of a text that leaves: lighter decisions."""

from alembic import op

from frontdesk.schema.send_path import SEND_PATH

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Change one key and add one table; the code before this runs on beside, and sees no gates on a passed decision."""
    for statement in SEND_PATH:
        op.execute(statement)
