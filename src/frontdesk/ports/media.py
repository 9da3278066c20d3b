"""Sounds and pictures that a company keeps for us until we fetch them."""

from __future__ import annotations

from typing import Protocol


class StoredFile(Protocol):
    """A file as it was fetched."""

    @property
    def content_type(self) -> str:
        """Its media type, such as audio/x-wav."""
        ...

    @property
    def body(self) -> bytes:
        """What is in it."""
        ...


class MediaFetcher(Protocol):
    """Fetches files of one company's account; nothing retries by itself."""

    async def fetch_media(self, url: str) -> StoredFile:
        """Fetch a file by the address that a verified webhook gave; refuses with ProviderError, or Refused."""
        ...
