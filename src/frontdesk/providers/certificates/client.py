"""Reading a certificate's end from a handshake; one that has expired is read all the same."""

from __future__ import annotations

import asyncio
import ssl
from datetime import datetime

from cryptography import x509

from frontdesk.ports import FailureClass, ProviderError

HANDSHAKE_SECONDS = 4.0


class TlsCertificates:
    """Shakes hands and hangs up; nothing is sent over the connection, so nothing needs to be believed."""

    async def expires_at(self, *, host: str, port: int) -> datetime:
        """Tell until when the certificate shown is valid; raises ProviderError if there is none within 4 s."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        try:
            async with asyncio.timeout(HANDSHAKE_SECONDS):
                _, writer = await asyncio.open_connection(host, port, ssl=context, server_hostname=host)
        except (OSError, ssl.SSLError) as error:
            raise _unseen(type(error).__name__) from error
        try:
            shown = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
        finally:
            writer.close()
        if not isinstance(shown, bytes):
            raise _unseen("no certificate")
        return x509.load_der_x509_certificate(shown).not_valid_after_utc


def _unseen(why: str) -> ProviderError:
    return ProviderError(
        f"the certificate cannot be looked at: {why}",
        provider="certificates",
        failure=FailureClass.UNAVAILABLE,
        permanent=False,
    )
