"""Keeping the programs of one Frontdesk up on this machine: started, watched, restarted, drained, never orphaned."""

from frontdesk.kernel.supervision.child import Child
from frontdesk.kernel.supervision.signals import stop_on_signals
from frontdesk.kernel.supervision.supervisor import EX_CONFIG, GaveUp, Supervisor

__all__ = ["EX_CONFIG", "Child", "GaveUp", "Supervisor", "stop_on_signals"]
