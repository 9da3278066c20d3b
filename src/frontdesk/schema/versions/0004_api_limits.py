"""How often the API may be asked, and whom outsiders can make us text."""

from alembic import op

from frontdesk.schema.limits import LIMITS

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add two tables and two columns of tenants; the code before this runs on beside and counts nothing."""
    for statement in LIMITS:
        op.execute(statement)
