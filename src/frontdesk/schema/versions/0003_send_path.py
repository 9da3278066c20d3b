"""The path of a text that leaves: fewer index entries, decisions written as they are."""

from alembic import op

from frontdesk.schema.send_path import SEND_PATH

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Change indexes and storage only; the code before this runs on beside."""
    for statement in SEND_PATH:
        op.execute(statement)
