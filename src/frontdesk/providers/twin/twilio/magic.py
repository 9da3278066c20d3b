"""Numbers with a fixed meaning: Twilio's own for test credentials, and the twin's scripted fates."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from frontdesk.providers.twin.memory import FateRule
from frontdesk.providers.twin.phones import is_phone
from frontdesk.providers.twin.segments import count_segments
from frontdesk.providers.twin.twilio.errors import TwilioRefusal
from frontdesk.providers.twin.twilio.state import Account, Direction, Message, NewText, new_sid

# Source: twilio.com/docs/iam/test-credentials.
GOOD_NUMBER: Final = "+15005550006"
SMS_FROM: Final[Mapping[str, int]] = {"+15005550001": 21212, "+15005550007": 21606, "+15005550008": 21611}
SMS_FROM_OTHER: Final = 21606
SMS_TO: Final[Mapping[str, int]] = {
    "+15005550001": 21211,
    "+15005550002": 21612,
    "+15005550003": 21408,
    "+15005550004": 21610,
    "+15005550009": 21614,
}
CALL_FROM: Final[Mapping[str, int]] = {"+15005550001": 21212}
CALL_FROM_OTHER: Final = 21210
CALL_TO: Final[Mapping[str, int]] = {
    "+15005550001": 21217,
    "+15005550002": 21214,
    "+15005550003": 21215,
    "+15005550004": 21216,
}
BUY_NUMBER: Final[Mapping[str, int]] = {"+15005550000": 21422, "+15005550001": 21421}
BUY_AREA: Final[Mapping[str, int]] = {"533": 21452}

# A live text to +15005553NNN ends with error 30NNN: +15005553007 is filtered (30007).
_FATED_PREFIX: Final = "+15005553"
_FAILED_CODES: Final = frozenset({21610, 30001, 30002, 30036})


def fate_of(number: str, fates: Mapping[str, FateRule]) -> FateRule | None:
    """Find the scripted end of a text: set by control, or `+15005553NNN` for error 30NNN; None is delivered."""
    if (rule := fates.get(number)) is not None:
        return rule
    if number.startswith(_FATED_PREFIX) and len(number) == len(GOOD_NUMBER):
        return fate_rule("", 30_000 + int(number[-3:]))
    return None


def fate_rule(status: str, code: int) -> FateRule:
    """Complete a fate: without a status, the one in which the error is reported."""
    if status:
        return FateRule(status, code)
    if not code:
        return FateRule("delivered", 0)
    return FateRule("failed" if code in _FAILED_CODES else "undelivered", code)


def create_text(account: Account, text: NewText, now: datetime) -> Message:
    """Answer a text sent with test credentials: nothing is kept, nothing leaves, no callback follows."""
    if not text.sender and not text.service_sid:
        raise TwilioRefusal(21603)
    if text.sender != GOOD_NUMBER and not text.service_sid:
        raise TwilioRefusal(SMS_FROM.get(text.sender, SMS_FROM_OTHER), detail=text.sender)
    if not text.to:
        raise TwilioRefusal(21604)
    if (code := SMS_TO.get(text.to)) is not None:
        raise TwilioRefusal(code, detail=text.to)
    if not is_phone(text.to):
        raise TwilioRefusal(21211, detail=text.to)
    if not text.body and not text.media_urls:
        raise TwilioRefusal(21602)
    return Message(
        sid=new_sid("MM" if text.media_urls else "SM"),
        account_sid=account.sid,
        direction=Direction.OUTBOUND_API,
        sender=text.sender,
        to=text.to,
        body=text.body,
        segments=count_segments(text.body),
        status="queued",
        created_at=now,
        updated_at=now,
        service_sid=text.service_sid or None,
    )


def check_call(sender: str, to: str) -> None:
    """Refuse a call made with test credentials as the documented numbers do."""
    if sender != GOOD_NUMBER:
        raise TwilioRefusal(CALL_FROM.get(sender, CALL_FROM_OTHER), detail=sender)
    if (code := CALL_TO.get(to)) is not None:
        raise TwilioRefusal(code, detail=to)
    if not is_phone(to):
        raise TwilioRefusal(21217, detail=to)


def check_purchase(phone: str, area_code: str) -> str:
    """Tell the number that test credentials buy; refuses as the documented numbers do."""
    if phone:
        if (code := BUY_NUMBER.get(phone)) is not None:
            raise TwilioRefusal(code, detail=phone)
        if phone != GOOD_NUMBER:
            raise TwilioRefusal(21421, detail=phone)
        return phone
    if (code := BUY_AREA.get(area_code)) is not None:
        raise TwilioRefusal(code, detail=area_code)
    if area_code != "500":
        raise TwilioRefusal(21452, detail=area_code)
    return GOOD_NUMBER
