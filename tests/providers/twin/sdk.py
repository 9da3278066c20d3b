"""Twilio's official SDK, which carries no types, as the tests use it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

from twilio.base.exceptions import TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.request_validator import (
    RequestValidator,
    get_signature_algorithm,
)
from twilio.rest import Client

__all__ = ["RequestValidator", "Sdk", "TwilioRestException", "get_signature_algorithm"]

R = TypeVar("R")


class Sdk:
    """The official SDK, pointed at the twin, called from a thread."""

    def __init__(self, base_url: str, sid: str, token: str) -> None:
        http = TwilioHttpClient(timeout=10)
        self.client = Client(sid, token, http_client=http)
        self.client.api.base_url = base_url
        self._http = http

    async def run(self, verb: Callable[..., R], *args: object, **kwargs: object) -> R:
        """Call one of its methods."""
        return await asyncio.to_thread(verb, *args, **kwargs)

    def close(self) -> None:
        """Close its connections."""
        if self._http.session is not None:
            self._http.session.close()
