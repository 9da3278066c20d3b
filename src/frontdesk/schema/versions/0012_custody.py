"""How far the audit log is verified, and which secrets are being rotated."""

from alembic import op

from frontdesk.schema.custody_tables import CUSTODY

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables; nothing that was there changes."""
    for statement in CUSTODY:
        op.execute(statement)
