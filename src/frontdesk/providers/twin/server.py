"""The twin as a server: in this process on a free port, or in a process of its own."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from aiohttp import web

from frontdesk.kernel.clock import Clock
from frontdesk.providers.twin.calendar_control import CalendarControl
from frontdesk.providers.twin.config import TwinConfig
from frontdesk.providers.twin.control import Control
from frontdesk.providers.twin.doorway import Observer as AnswerWatcher
from frontdesk.providers.twin.google.company import Google
from frontdesk.providers.twin.jobber.company import Jobber
from frontdesk.providers.twin.openai.company import OpenAi
from frontdesk.providers.twin.stripe.company import Stripe
from frontdesk.providers.twin.stripe.events import EventObserver as StripeObserver
from frontdesk.providers.twin.stripe_control import StripeControl
from frontdesk.providers.twin.telnyx.api import CallObserver
from frontdesk.providers.twin.telnyx.company import Telnyx
from frontdesk.providers.twin.telnyx.events import EventObserver
from frontdesk.providers.twin.twilio.api import AnswerObserver
from frontdesk.providers.twin.twilio.callbacks import Observer
from frontdesk.providers.twin.twilio.carrier import Carrier
from frontdesk.providers.twin.world import World

_LOOPBACK = ("127.0.0.1", "::1", "localhost")
_LARGEST_BODY = 1 << 20


class TwinServer:
    """A twin that listens; use it as an async context manager, or call `start` and `close`.

    `on_answer` sees every answer of the pretended API before a fault spoils it, `on_webhook` every webhook with its
    headers: tests check the official contracts there.
    """

    def __init__(  # noqa: PLR0913 - one observer per company
        self,
        config: TwinConfig | None = None,
        *,
        clock: Clock | None = None,
        on_answer: AnswerObserver | None = None,
        on_webhook: Observer | None = None,
        on_telnyx_answer: CallObserver | None = None,
        on_telnyx_webhook: EventObserver | None = None,
        on_google_answer: AnswerWatcher | None = None,
        on_jobber_answer: AnswerWatcher | None = None,
        on_openai_answer: AnswerWatcher | None = None,
        on_stripe_answer: AnswerWatcher | None = None,
        on_stripe_webhook: StripeObserver | None = None,
    ) -> None:
        self.config = config or TwinConfig()
        if self.config.host not in _LOOPBACK and not self.config.control_token:
            raise ValueError("a twin beyond loopback needs a control token")
        self.world = World(self.config, clock)
        self.carrier = Carrier(self.world, on_answer=on_answer, on_webhook=on_webhook)
        self.telnyx = Telnyx(self.world, on_answer=on_telnyx_answer, on_webhook=on_telnyx_webhook)
        self.google = Google(self.world, on_answer=on_google_answer)
        self.jobber = Jobber(self.world, on_answer=on_jobber_answer)
        self.openai = OpenAi(self.world, on_answer=on_openai_answer)
        self.stripe = Stripe(self.world, on_answer=on_stripe_answer, on_webhook=on_stripe_webhook)
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        """Tell the base address, for the API and for control alike; empty before the start."""
        return self.world.base_url

    async def start(self) -> None:
        """Listen; port 0 takes a free one."""
        app = web.Application(client_max_size=_LARGEST_BODY)
        calendars = CalendarControl(self.world, self.google, self.jobber)
        control = Control(self.world, self.carrier, self.telnyx, calendars, StripeControl(self.stripe))
        companies = (self.carrier, self.telnyx, self.google, self.jobber, self.stripe, self.openai, control)
        app.add_routes([route for company in companies for route in company.routes()])
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2, keepalive_timeout=300)
        await runner.setup()
        self._runner = runner
        await web.TCPSite(runner, self.config.host, self.config.port, backlog=1024).start()
        port = runner.addresses[0][1]
        host = f"[{self.config.host}]" if ":" in self.config.host else self.config.host
        self.world.base_url = f"http://{host}:{port}"

    async def close(self) -> None:
        """Stop listening, drop what is due, close every connection."""
        await self.world.stop()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None
        # Again: until its door was shut, requests could still make something due.
        await self.world.stop()
        await self.carrier.close()
        await self.telnyx.close()
        await self.google.close()
        await self.jobber.close()
        await self.stripe.close()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        await self.close()
