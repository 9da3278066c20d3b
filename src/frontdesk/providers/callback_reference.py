"""Our own reference in the query of a callback address, by which a company's news of a text finds it again."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

REFERENCE_PARAMETER = "reference"


def with_reference(url: str, reference: UUID) -> str:
    """Add our reference to a callback URL's query, before a fragment, unless it carries it already."""
    parts = urlsplit(url)
    if str(reference) in parse_qs(parts.query).get(REFERENCE_PARAMETER, []):
        return url
    pair = f"{REFERENCE_PARAMETER}={reference}"
    return parts._replace(query=f"{parts.query}&{pair}" if parts.query else pair).geturl()


def read_reference(query: Mapping[str, str]) -> UUID | None:
    """Read our reference back from a callback URL's query, None if there is none that is ours."""
    try:
        return UUID(query[REFERENCE_PARAMETER])
    except (KeyError, ValueError):
        return None
