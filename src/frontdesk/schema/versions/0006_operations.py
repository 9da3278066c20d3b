"""Operations: checks, runbooks that run, drills."""

from alembic import op

from frontdesk.schema.operations_tables import OPERATIONS

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables; nothing that was there changes."""
    for statement in OPERATIONS:
        op.execute(statement)
