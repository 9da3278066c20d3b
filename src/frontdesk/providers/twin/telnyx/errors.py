"""Telnyx's refusals, by number, as its API words them."""

from __future__ import annotations

from typing import Final

TITLES: Final[dict[int, str]] = {
    10003: "Invalid URL",
    10004: "Missing required parameter",
    10005: "Resource not found",
    10007: "Unexpected error",
    10009: "Authentication failed",
    10011: "Too many requests",
    10015: "Bad Request",
    10016: "Phone number must be in +E.164 format",
    40001: "Not routable",
    40006: "Recipient server unavailable",
    40008: "Undeliverable",
    40009: "Invalid message body",
    40010: "Not 10DLC registered",
    40012: "Invalid messaging destination number",
    40014: "Message expired in queue",
    40300: "Blocked due to STOP message",
    40302: "Message too large",
    40305: "Invalid 'from' address",
    40310: "Invalid 'to' address",
    40316: "No content",
    40318: "Message queue full",
}
# Telnyx's pages name the codes, not their statuses: 400 where nothing is known.
STATUSES: Final[dict[int, int]] = {10005: 404, 10009: 401, 10011: 429, 40300: 403}
_BAD_REQUEST: Final = 400


def title_of(code: int) -> str:
    """Word an error code as the API does; unknown codes get a neutral title."""
    return TITLES.get(code, f"Error {code}")


class TelnyxRefusal(Exception):
    """A request that is refused, with its HTTP status and error code; `pointer` names the member at fault."""

    def __init__(self, code: int, *, status: int = 0, detail: str = "", pointer: str = "") -> None:
        super().__init__(f"{title_of(code)}: {detail}" if detail else title_of(code))
        self.code = code
        self.status = status or STATUSES.get(code, _BAD_REQUEST)
        self.detail = detail
        self.pointer = pointer

    def document(self) -> dict[str, object]:
        """Make the error body: a list of one error."""
        return {"errors": [error_json(self.code, detail=self.detail, pointer=self.pointer)]}


def error_json(code: int, *, detail: str = "", pointer: str = "") -> dict[str, object]:
    """Make one error as answers and events carry it."""
    error: dict[str, object] = {
        "code": str(code),
        "title": title_of(code),
        "detail": detail or title_of(code),
        "meta": {"url": f"https://developers.telnyx.com/docs/overview/errors/{code}"},
    }
    if pointer:
        error["source"] = {"pointer": pointer}
    return error
