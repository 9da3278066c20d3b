"""Threads with a state, and the dialogue that books from them."""

from alembic import op

from frontdesk.schema.dialogue_tables import THREADS_AND_DIALOGUES

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add columns with constant defaults, and tables; nothing that was there changes."""
    for statement in THREADS_AND_DIALOGUES:
        op.execute(statement)
