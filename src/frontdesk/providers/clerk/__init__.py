"""Clerk: who somebody is, by signed tokens whose keys it publishes."""

from frontdesk.providers.clerk.keys import PublishedKeys
from frontdesk.providers.clerk.tokens import ClerkAccount, ClerkIdentity

__all__ = ["ClerkAccount", "ClerkIdentity", "PublishedKeys"]
