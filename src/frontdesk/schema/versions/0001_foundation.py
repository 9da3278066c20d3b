"""The foundation: tenants, people, consent, calls, conversations, delivery and the machinery under them."""

from alembic import op

from frontdesk.schema.front_office import CALLS, CONSENT, CONVERSATIONS, TENANTS, TEXTBACK
from frontdesk.schema.kernel_tables import AUTH_AND_AUDIT, JOBS
from frontdesk.schema.message_path import DELIVERY, INTAKE, LIVENESS, OUTBOX
from frontdesk.schema.roles import ROLES

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create every table with its rights."""
    for statements in (
        ROLES,
        TENANTS,
        AUTH_AND_AUDIT,
        JOBS,
        INTAKE,
        OUTBOX,
        LIVENESS,
        DELIVERY,
        CONSENT,
        CALLS,
        CONVERSATIONS,
        TEXTBACK,
    ):
        for statement in statements:
            op.execute(statement)
