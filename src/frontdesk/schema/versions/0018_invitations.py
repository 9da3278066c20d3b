"""Invitations and sign-ups."""

from alembic import op

from frontdesk.schema.invitation_tables import INVITATIONS

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables by which people and businesses come in."""
    for statement in INVITATIONS:
        op.execute(statement)
