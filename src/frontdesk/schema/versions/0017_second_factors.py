"""Second factors, passkeys and resets of passwords."""

from alembic import op

from frontdesk.schema.entry_tables import ENTRY

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add tables and one column; sessions that are open count as proven when they began."""
    for statement in ENTRY:
        op.execute(statement)
