"""Our registration with Jobber and where it answers."""

from __future__ import annotations

from dataclasses import dataclass, field

API = "https://api.getjobber.com"
GRAPHQL_VERSION = "2025-04-16"  # sent with each request; Jobber keeps a version for a year and more


@dataclass(frozen=True, slots=True, kw_only=True)
class JobberApp:
    """An OAuth client; without one, accounts are opened by a token that their owner gives us."""

    client_id: str = ""
    client_secret: str = field(default="", repr=False)
    api_base_url: str = API
