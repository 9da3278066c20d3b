"""What scheduling does when something happens, and by the clock."""

from frontdesk.features.scheduling.jobs.bookings import handlers
from frontdesk.features.scheduling.jobs.clockwork import collect_holds, finish_past, send_reminders

__all__ = ["collect_holds", "finish_past", "handlers", "send_reminders"]
