"""What is done with threads, and what indexes of words are made with."""

from alembic import op

from frontdesk.schema.inbox_tables import CHANGES, EXTENSIONS

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add a table and two extensions; nothing that was there changes."""
    for statement in (*CHANGES, *EXTENSIONS):
        op.execute(statement)
