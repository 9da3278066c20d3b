"""What texts mean, for search by meaning."""

from alembic import op

from frontdesk.schema.meaning_tables import MEANINGS

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add two tables; nothing that was there changes."""
    for statement in MEANINGS:
        op.execute(statement)
