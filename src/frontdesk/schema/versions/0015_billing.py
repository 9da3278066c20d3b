"""Payments, refunds, plans and subscriptions; people who log in by an outside service."""

from alembic import op

from frontdesk.schema.billing_tables import BILLING

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables; nothing that was there changes."""
    for statement in BILLING:
        op.execute(statement)
