"""Posts to addresses that strangers chose, without becoming their hand inside our network."""

from frontdesk.providers.hooks.client import HookClient
from frontdesk.providers.hooks.names import Resolve, SystemResolver

__all__ = ["HookClient", "Resolve", "SystemResolver"]
