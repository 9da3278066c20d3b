"""One Telnyx account: its API key, its address and the keys that its webhooks are signed with."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class TelnyxAccount:
    """Everything needed to speak for one account; the API key stays out of its repr.

    `public_keys` are Ed25519 keys, base64 of 32 bytes, as Telnyx's portal shows them: two while the account changes
    from one to the other. `api_base_url` is an origin without a path. With `messaging_profile_id` texts name that
    profile beside their number.
    """

    api_key: str = field(repr=False)
    public_keys: tuple[str, ...]
    api_base_url: str = "https://api.telnyx.com"
    messaging_profile_id: str = ""

    @property
    def authorization(self) -> str:
        """The Authorization header's value."""
        return f"Bearer {self.api_key}"
