"""Texts to many: people in number, consent in writing, campaigns, limits, and news for other programs."""

from alembic import op

from frontdesk.schema.business_settings import BUSINESS_SETTINGS
from frontdesk.schema.campaign_tables import CAMPAIGNS
from frontdesk.schema.consent_records import CONSENT_RECORDS
from frontdesk.schema.contact_lists import CONTACT_LISTS
from frontdesk.schema.idempotency import IDEMPOTENCY
from frontdesk.schema.outgoing_hooks import OUTGOING_HOOKS
from frontdesk.schema.sending_limits import SENDING_LIMITS

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables and columns of bulk sending; the code before them runs on beside."""
    for statements in (
        BUSINESS_SETTINGS,
        CONTACT_LISTS,
        CONSENT_RECORDS,
        CAMPAIGNS,
        SENDING_LIMITS,
        OUTGOING_HOOKS,
        IDEMPOTENCY,
    ):
        for statement in statements:
            op.execute(statement)
