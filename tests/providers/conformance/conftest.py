"""Each company in turn: the twin under its referees, the real client, and our own ear for webhooks."""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from frontdesk.ports import InboundText, MessagingProvider, OutboundText, TextReceipt
from frontdesk.providers.http import HttpClient
from frontdesk.providers.twin import TwinConfig, TwinControl, TwinServer
from tests.providers.conformance.companies import BUSINESS, COMPANIES, Company, News
from tests.providers.conformance.listener import Listener
from tests.providers.telnyx.contract import Referee as TelnyxReferee
from tests.providers.twin.contract import Referee as TwilioReferee

CAROL = "+12065550100"


class Line:
    """One company, set up: what the tests do with it."""

    def __init__(
        self, company: Company, provider: MessagingProvider, control: TwinControl, listener: Listener, http: HttpClient
    ) -> None:
        self.company = company
        self.provider = provider
        self.control = control
        self.listener = listener
        self.http = http
        self.started = 0

    def text(self, body: str = "Sorry we missed you. How can we help?", *, to: str = CAROL) -> OutboundText:
        """Make a text of ours."""
        return OutboundText(
            reference=uuid4(),
            sender_e164=BUSINESS,
            recipient_e164=to,
            body=body,
            validity_seconds=900,
            status_callback=f"{self.listener.url}/status",
        )

    def start(self) -> None:
        """Let a POST start, and count it."""
        self.started += 1

    async def posts_to(self, number: str = CAROL) -> int:
        """Count the requests to send to a number that reached the company."""
        return len(await self.control.journal(operation="messages.create", to=number))

    async def bodies_to(self, number: str = CAROL) -> list[str]:
        """List what the company accepted for a number."""
        return [text.body for text in await self.control.texts_to(number)]

    def news(self) -> list[News]:
        """Read every webhook that came, all of which must be believed."""
        read = [self.company.read(hook) for hook in self.listener.hooks]
        believed = [each for each in read if isinstance(each, News)]
        assert len(believed) == len(read), read
        return believed

    def receipts(self) -> list[TextReceipt]:
        """Read every receipt that came."""
        return [each.record for each in self.news() if isinstance(each.record, TextReceipt)]

    def texts(self) -> list[InboundText]:
        """Read every text of a person that came."""
        return [each.record for each in self.news() if isinstance(each.record, InboundText)]


@pytest.fixture(params=COMPANIES, ids=[company.name for company in COMPANIES])
async def line(request: pytest.FixtureRequest) -> AsyncIterator[Line]:
    """Set a company up at a twin of its own; no answer and no webhook of it may break the company's contract."""
    config = TwinConfig()
    of_twilio, of_telnyx = TwilioReferee([config.auth_token]), TelnyxReferee(config.telnyx_public_key)
    server = TwinServer(
        config,
        on_answer=of_twilio.see_answer,
        on_webhook=of_twilio.see_webhook,
        on_telnyx_answer=of_telnyx.see_answer,
        on_telnyx_webhook=of_telnyx.see_webhook,
    )
    http = HttpClient()
    async with server, TwinControl(server.url) as control, Listener() as listener:
        company: Company = request.param(config, server.url)
        await company.set_up(control, f"{listener.url}/sms")
        yield Line(company, company.provider(http), control, listener, http)
        await control.wait_until_idle()
        await http.close()
    assert of_twilio.complaints + of_telnyx.complaints == []
