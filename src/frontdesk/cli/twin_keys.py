"""The keys under which we use the twin's Telnyx and Stripe: made once per home folder, and known to nobody else."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class TelnyxKeys:
    """What the programs need to use the pretended Telnyx, and what the twin needs to be it."""

    api_key: str = field(repr=False)
    public_key: str
    private_key: str = field(repr=False)

    def for_programs(self, api_base_url: str) -> dict[str, str]:
        """Give the settings of web and worker."""
        return {
            "TELNYX_API_KEY": self.api_key,
            "TELNYX_PUBLIC_KEY": self.public_key,
            "TELNYX_API_BASE_URL": api_base_url,
        }

    def for_twin(self) -> dict[str, str]:
        """Give what the twin reads from its environment."""
        return {"TWIN_TELNYX_API_KEY": self.api_key, "TWIN_TELNYX_PRIVATE_KEY": self.private_key}


def twin_telnyx_keys(home: Path) -> TelnyxKeys:
    """Derive the keys from a secret of this home folder, generated on the first call."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from frontdesk.kernel.secrets import ensure_secret

    secret = ensure_secret(home, "twin_telnyx_secret").encode()
    seed = hashlib.sha256(b"twin telnyx signing key " + secret).digest()
    public = Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
    return TelnyxKeys(
        api_key="KEY" + hashlib.sha256(b"twin telnyx api key " + secret).hexdigest()[:48],
        public_key=base64.b64encode(public).decode(),
        private_key=base64.b64encode(seed).decode(),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class StripeKeys:
    """What the programs need to use the pretended Stripe, and what the twin needs to be it."""

    secret_key: str = field(repr=False)
    webhook_secret: str = field(repr=False)

    def for_programs(self, api_base_url: str) -> dict[str, str]:
        """Give the settings of web and worker."""
        return {
            "STRIPE_SECRET_KEY": self.secret_key,
            "STRIPE_WEBHOOK_SECRET": self.webhook_secret,
            "STRIPE_API_BASE_URL": api_base_url,
        }

    def for_twin(self, webhook_url: str) -> dict[str, str]:
        """Give what the twin reads from its environment."""
        return {
            "TWIN_STRIPE_SECRET_KEY": self.secret_key,
            "TWIN_STRIPE_WEBHOOK_SECRET": self.webhook_secret,
            "TWIN_STRIPE_WEBHOOK_URL": webhook_url,
        }


def twin_stripe_keys(home: Path) -> StripeKeys:
    """Derive the keys from a secret of this home folder, generated on the first call."""
    from frontdesk.kernel.secrets import ensure_secret

    secret = ensure_secret(home, "twin_stripe_secret").encode()
    return StripeKeys(
        secret_key="sk_test_" + hashlib.sha256(b"twin stripe api key " + secret).hexdigest()[:48],
        webhook_secret="whsec_" + hashlib.sha256(b"twin stripe webhook secret " + secret).hexdigest()[:48],
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarAppKeys:
    """What the programs need to use the pretended Google and Jobber, and what the twin needs to be them."""

    google_id: str
    google_secret: str = field(repr=False)
    jobber_secret: str = field(repr=False)
    jobber_token: str = field(repr=False)

    def for_programs(self, api_base_url: str) -> dict[str, str]:
        """Give the settings of web and worker."""
        return {
            "GOOGLE_CLIENT_ID": self.google_id,
            "GOOGLE_CLIENT_SECRET": self.google_secret,
            "GOOGLE_API_BASE_URL": api_base_url,
            "JOBBER_API_TOKEN": self.jobber_token,
            "JOBBER_CLIENT_SECRET": self.jobber_secret,
            "JOBBER_API_BASE_URL": api_base_url,
        }

    def for_twin(self) -> dict[str, str]:
        """Give what the twin reads from its environment."""
        return {
            "TWIN_GOOGLE_CLIENT_ID": self.google_id,
            "TWIN_GOOGLE_CLIENT_SECRET": self.google_secret,
            "TWIN_JOBBER_CLIENT_SECRET": self.jobber_secret,
            "TWIN_JOBBER_API_TOKEN": self.jobber_token,
        }


def twin_calendar_keys(home: Path) -> CalendarAppKeys:
    """Derive the keys from a secret of this home folder, generated on the first call."""
    from frontdesk.kernel.secrets import ensure_secret

    secret = ensure_secret(home, "twin_calendar_secret").encode()

    def derived(what: bytes) -> str:
        return hashlib.sha256(b"twin calendars " + what + b" " + secret).hexdigest()[:48]

    return CalendarAppKeys(
        google_id=f"{derived(b'google id')[:12]}.apps.example.com",
        google_secret=derived(b"google secret"),
        jobber_secret=derived(b"jobber secret"),
        jobber_token=derived(b"jobber token"),
    )
