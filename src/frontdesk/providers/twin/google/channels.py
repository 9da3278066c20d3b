"""Google's push messages: an empty body, and everything in the headers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import format_datetime
from typing import Final

import aiohttp

from frontdesk.providers.twin.google.state import GoogleState, OpenChannel
from frontdesk.providers.twin.postman import Parcel, Postman
from frontdesk.providers.twin.wire import FaultKind, WebhookReport
from frontdesk.providers.twin.world import World

PUSH: Final = "google.push"
_PATIENCE: Final = aiohttp.ClientTimeout(total=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Message(Parcel):
    """A push message."""

    headers: Mapping[str, str]

    def fields(self) -> dict[str, str]:
        """Show the headers, but not what proves them."""
        return {name: value for name, value in self.headers.items() if name != "X-Goog-Channel-Token"}


class Pushes(Postman[Message]):
    """Posts push messages, in line per channel."""

    def __init__(self, world: World, state: GoogleState) -> None:
        super().__init__(world)
        self._state = state

    def tell(self, channel: OpenChannel, state: str) -> None:
        """Post a message of a channel."""
        channel.number += 1
        resource = f"{self._world.base_url}/calendar/v3/calendars/{channel.calendar_id}/events?alt=json"
        headers = {
            "User-Agent": "APIs-Google; (+https://developers.google.com/webmasters/APIs-Google.html)",
            "X-Goog-Channel-ID": channel.id,
            "X-Goog-Channel-Expiration": format_datetime(channel.expires_at, usegmt=True),
            "X-Goog-Resource-ID": channel.resource_id,
            "X-Goog-Resource-URI": resource,
            "X-Goog-Resource-State": state,
            "X-Goog-Message-Number": str(channel.number),
        }
        if channel.token:
            headers["X-Goog-Channel-Token"] = channel.token
        self.post_in_line(channel.id, Message(kind=PUSH, recipient="", url=channel.address, headers=headers))

    def tell_of_change(self, calendar_id: str) -> None:
        """Post a message of every open channel of a calendar."""
        now = self._world.now()
        for channel in self._state.channels.values():
            if channel.calendar_id == calendar_id and channel.expires_at > now:
                self.tell(channel, "exists")

    async def _deliver(self, parcel: Message, faults: tuple[str, ...]) -> WebhookReport:
        headers = dict(parcel.headers)
        if FaultKind.BAD_SIGNATURE in faults:
            headers["X-Goog-Channel-Token"] = "forged"
        return await self._exchange(self._opened(parcel, faults), b"", headers, _PATIENCE)
