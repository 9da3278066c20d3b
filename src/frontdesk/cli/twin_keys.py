"""The keys under which we use the twin's Telnyx: made once per home folder, and known to nobody else."""

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
