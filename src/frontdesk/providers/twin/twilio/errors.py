"""Twilio's refusals, by number, as its API words them."""

from __future__ import annotations

from typing import Final

MESSAGES: Final[dict[int, str]] = {
    20001: "Unknown parameters",
    20003: "Authenticate",
    20004: "Method not allowed",
    20008: "Resource not accessible with Test Account Credentials",
    20404: "The requested resource was not found",
    20429: "Too Many Requests",
    20500: "Internal Server Error",
    20503: "Service Unavailable",
    21201: "No 'To' number is specified",
    21205: "Url parameter is required.",
    21210: "'From' phone number not verified",
    21211: "Invalid 'To' Phone Number",
    21212: "Invalid From Number (caller ID)",
    21213: "Caller phone number is required",
    21214: "'To' phone number cannot be reached",
    21215: "Geo Permission configuration is not permitting call",
    21216: "Call blocked by Twilio blocklist",
    21217: "Phone number does not appear to be valid",
    21220: "Invalid call state",
    21266: "'To' and 'From' number cannot be the same",
    21402: "Invalid Url",
    21408: "Permission to send an SMS has not been enabled for the region indicated by the 'To' number",
    21404: "Inbound Phone number not available",
    21421: "Phone Number is invalid",
    21422: "PhoneNumber is not available",
    21452: "No phone numbers found in area code",
    21601: "Phone number is not a valid SMS-capable inbound phone number",
    21602: "Message body is required",
    21603: "A 'From' or 'MessagingServiceSid' parameter is required to send a message",
    21604: "The destination 'To' phone number is required to send an SMS",
    21606: "The 'From' phone number provided is not a valid message-capable Twilio phone number for this destination.",
    21609: "Invalid 'StatusCallback'",
    21610: "Attempt to send to unsubscribed recipient",
    21611: "This 'From' number has exceeded the maximum number of queued messages",
    21612: "The 'To' phone number is not currently reachable via SMS",
    21614: "'To' number is not a valid mobile number",
    21617: "The concatenated message body exceeds the 1600 character limit",
    21624: "Invalid validity period value",
    21701: "The Messaging Service does not exist",
    21703: "The Messaging Service does not contain a phone number",
    30001: "Queue overflow",
    30003: "Unreachable destination handset",
    30004: "Message blocked",
    30005: "Unknown destination handset",
    30006: "Landline or unreachable carrier",
    30007: "Message filtered",
    30008: "Unknown error",
    30032: "Toll-Free Number Has Not Been Verified",
    30034: "US A2P 10DLC - Message from an Unregistered Number",
    30036: "Validity Period Expired",
    30109: "Message cannot be canceled",
    35117: "Invalid 'SendAt' time: it must be between 300 seconds and 35 days from now",
    35118: "'MessagingServiceSid' is required to schedule a message",
}


def wording(code: int) -> str:
    """Word an error code as the API does; unknown codes get a neutral sentence."""
    return MESSAGES.get(code, f"Error {code}")


class TwilioRefusal(Exception):
    """A request the carrier refuses, with its HTTP status and error code."""

    def __init__(self, code: int, *, status: int = 400, detail: str = "") -> None:
        message = wording(code)
        super().__init__(f"{message}: {detail}" if detail else message)
        self.code = code
        self.status = status

    def document(self) -> dict[str, str | int]:
        """Make the error body: code, message, more_info, status."""
        return {
            "code": self.code,
            "message": str(self),
            "more_info": f"https://www.twilio.com/docs/errors/{self.code}",
            "status": self.status,
        }
