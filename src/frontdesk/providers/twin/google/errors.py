"""Google's refusals, in the envelope that its API wraps them in."""

from __future__ import annotations

from frontdesk.providers.twin.doorway import Declined

# developers.google.com/workspace/calendar/api/guides/errors
_REASONS = {
    400: ("global", "badRequest", "Bad Request"),
    401: ("global", "authError", "Invalid Credentials"),
    403: ("global", "forbidden", "Forbidden"),
    404: ("global", "notFound", "Not Found"),
    409: ("global", "duplicate", "The requested identifier already exists."),
    410: ("calendar", "fullSyncRequired", "Sync token is no longer valid, a full sync is required."),
    412: ("global", "conditionNotMet", "Precondition Failed"),
    429: ("usageLimits", "rateLimitExceeded", "Rate Limit Exceeded"),
    500: ("global", "backendError", "Backend Error"),
}


def declined(status: int, *, reason: str = "", message: str = "") -> Declined:
    """Word a refusal; the reason is the usual one of its status unless another is given."""
    domain, usual, words = _REASONS.get(status, _REASONS[500])
    item = {"domain": domain, "reason": reason or usual, "message": message or words}
    return Declined(status, {"error": {"errors": [item], "code": status, "message": message or words}})


def grant_declined(error: str, description: str) -> Declined:
    """Word a refusal of the token endpoint (RFC 6749, 5.2)."""
    return Declined(400, {"error": error, "error_description": description})
