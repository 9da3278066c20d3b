"""One Stripe account: its key, its address and the secrets that its webhooks are signed with."""

from __future__ import annotations

from dataclasses import dataclass, field

API_VERSION = "2026-10-28.endive"
"""The version that our requests are answered in; webhooks come in the version of their endpoint, older ones too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StripeAccount:
    """Everything needed to speak for one account; secrets stay out of its repr.

    `webhook_secrets` are whole, with their `whsec_`: two while one is being replaced. `api_base_url` is an origin
    without a path.
    """

    secret_key: str = field(repr=False)
    webhook_secrets: tuple[str, ...] = field(repr=False)
    api_base_url: str = "https://api.stripe.com"

    @property
    def authorization(self) -> str:
        """The Authorization header's value."""
        return f"Bearer {self.secret_key}"
