"""Epochs, so that a copy of a database sends nothing; backups and the drills that prove them."""

from alembic import op

from frontdesk.schema.epochs import EPOCHS_AND_BACKUPS

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables; nothing that was there changes."""
    for statement in EPOCHS_AND_BACKUPS:
        op.execute(statement)
