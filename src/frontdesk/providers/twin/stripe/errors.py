"""Stripe's refusals, as its API words them."""

from __future__ import annotations

from typing import Final

from frontdesk.providers.twin.doorway import Declined

_TYPES: Final = {402: "card_error", 409: "idempotency_error", 500: "api_error", 502: "api_error", 503: "api_error"}
_CODES: Final = {402: "card_declined", 409: "idempotency_key_in_use", 429: "rate_limit"}
_WORDS: Final = {
    401: "Invalid API Key provided",
    402: "Your card was declined.",
    409: "There is currently another in-progress request using this Idempotency Key",
    429: "Request rate limit exceeded.",
}


def declined(status: int, *, kind: str = "", code: str = "", param: str = "", words: str = "") -> Declined:
    """Make a refusal; members that are left out get those that are usual for the status."""
    error = {
        "type": kind or _TYPES.get(status, "invalid_request_error"),
        "message": words or _WORDS.get(status, "An error occurred."),
        "doc_url": "https://docs.stripe.com/error-codes",
    }
    if code or status in _CODES:
        error["code"] = code or _CODES[status]
    if param:
        error["param"] = param
    return Declined(status, {"error": error})


def missing(param: str) -> Declined:
    """Refuse a request without a parameter that is needed."""
    return declined(400, code="parameter_missing", param=param, words=f"Missing required param: {param}.")


def invalid(param: str, words: str) -> Declined:
    """Refuse a parameter."""
    return declined(400, param=param, words=words)


def unknown(what: str, named: str) -> Declined:
    """Refuse an id that names nothing."""
    return declined(404, code="resource_missing", param="id", words=f"No such {what}: '{named}'")
