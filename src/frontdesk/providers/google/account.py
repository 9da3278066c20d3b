"""Our registration with Google: who we are when an owner is asked to let us in, and where Google answers."""

from __future__ import annotations

from dataclasses import dataclass, field

API = "https://www.googleapis.com"
TOKEN_PAGE = "https://oauth2.googleapis.com/token"  # noqa: S105 - an address
REVOKE_PAGE = "https://oauth2.googleapis.com/revoke"
CONSENT_PAGE = "https://accounts.google.com/o/oauth2/v2/auth"


@dataclass(frozen=True, slots=True, kw_only=True)
class GoogleApp:
    """An OAuth client and the addresses of Google's services."""

    client_id: str
    client_secret: str = field(repr=False)
    api_base_url: str = API
    token_url: str = TOKEN_PAGE
    revoke_url: str = REVOKE_PAGE
    consent_url: str = CONSENT_PAGE

    @classmethod
    def at(cls, base_url: str, *, client_id: str, client_secret: str) -> GoogleApp:
        """Register at one address that answers for all of Google, such as the twin; Google's own stays apart."""
        base = base_url.rstrip("/")
        if base == API:
            return cls(client_id=client_id, client_secret=client_secret)
        return cls(
            client_id=client_id,
            client_secret=client_secret,
            api_base_url=base,
            token_url=f"{base}/token",
            revoke_url=f"{base}/revoke",
            consent_url=f"{base}/o/oauth2/v2/auth",
        )
