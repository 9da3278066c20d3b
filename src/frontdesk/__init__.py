"""Frontdesk: the self-hosted front office for service businesses."""

__version__ = "0.1.0"
