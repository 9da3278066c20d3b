"""The pretended outside world: two carriers in a process of their own, with the HTTP APIs and webhooks they have."""

from frontdesk.providers.twin.client import TwinControl
from frontdesk.providers.twin.config import TwinConfig
from frontdesk.providers.twin.server import TwinServer
from frontdesk.providers.twin.wire import CallOutcome, FaultKind, FaultOrder

__all__ = ["CallOutcome", "FaultKind", "FaultOrder", "TwinConfig", "TwinControl", "TwinServer"]
