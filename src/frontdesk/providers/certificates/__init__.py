"""Looks at the certificate that an address shows to the world."""

from frontdesk.providers.certificates.client import TlsCertificates

__all__ = ["TlsCertificates"]
