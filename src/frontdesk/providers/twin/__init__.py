"""The pretended outside world: a carrier in its own process that speaks Twilio's HTTP API and signs its webhooks."""

from frontdesk.providers.twin.client import TwinControl
from frontdesk.providers.twin.config import TwinConfig
from frontdesk.providers.twin.server import TwinServer
from frontdesk.providers.twin.wire import CallOutcome, FaultKind, FaultOrder

__all__ = ["CallOutcome", "FaultKind", "FaultOrder", "TwinConfig", "TwinControl", "TwinServer"]
