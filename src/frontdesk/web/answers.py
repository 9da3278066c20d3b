"""What the OpenAPI document says of answers: which refusals an operation may give, and what a problem looks like."""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus

from frontdesk.web.problems import MEDIA_TYPE

PROBLEM_REFERENCE = {"$ref": "#/components/schemas/Problem"}
# What the framework would have said; our refusals have another form.
REPLACED = ("HTTPValidationError", "ValidationError")
PROBLEM: dict[str, object] = {
    "title": "Problem",
    "description": "A refusal (RFC 9457); `code` is stable, `detail` says what to do, `instance` finds it in the log.",
    "type": "object",
    "required": ["type", "title", "status", "code", "detail"],
    "properties": {
        "type": {"type": "string", "description": "Address of the code's own description"},
        "title": {"type": "string"},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "code": {"type": "string", "pattern": "^[a-z_]+\\.[a-z_]+$"},
        "detail": {"type": "string"},
        "instance": {"type": "string", "pattern": "^urn:uuid:"},
        "faults": {
            "type": "array",
            "description": "Each field that is at fault",
            "items": {
                "type": "object",
                "required": ["path", "message"],
                "properties": {"path": {"type": "string"}, "message": {"type": "string"}},
            },
        },
    },
}
MEANINGS = {
    400: "The body cannot be read, or it is not said which business is meant",
    401: "A login or a token is needed",
    403: "The caller may not do this",
    404: "There is no such thing, or none that the caller may know of",
    408: "The body did not come in time",
    413: "The body is too large",
    415: "The body is compressed, or of a kind that is not taken",
    422: "A field is at fault; `faults` names each",
    429: "Too many requests; `Retry-After` says how long to wait",
    503: "The database does not answer; try again",
}


def declare_refusals(document: dict[str, object]) -> None:
    """Write into a document which refusals each operation may give; `x-access` says who may use it.

    Refusals of one operation's own, such as 409, are declared where the operation is, with their description alone.
    """
    components = _mapping(document["components"])
    schemas = _mapping(components.setdefault("schemas", {}))
    for name in REPLACED:
        schemas.pop(name, None)
    schemas["Problem"] = PROBLEM
    for path, methods in _mapping(document["paths"]).items():
        for method, operation in _mapping(methods).items():
            _declare(path, method, _mapping(operation))


def _declare(path: str, method: str, operation: dict[str, object]) -> None:
    responses = _mapping(operation.setdefault("responses", {}))
    responses.pop("422", None)
    for status in _usual(path, method, operation):
        responses.setdefault(str(status), {"description": MEANINGS[status]})
    for code, response in responses.items():
        if int(code) >= HTTPStatus.BAD_REQUEST:
            content = _mapping(_mapping(response).setdefault("content", {}))
            content.setdefault(MEDIA_TYPE, {"schema": PROBLEM_REFERENCE})
    operation["responses"] = dict(sorted(responses.items()))


def _usual(path: str, method: str, operation: dict[str, object]) -> Iterator[int]:
    """Tell the refusals that follow from who may use an operation, and from what it takes."""
    yield from (422, 503)
    access = operation["x-access"]
    if access != "open":
        yield from (401, 429)
    if access in {"business", "platform"} or (access == "known" and method != "get"):
        yield 403
    if access == "business":
        yield from (400, 404)
    if "{" in path:
        yield 404
    if "requestBody" in operation:
        yield from (400, 408, 413, 415)


def _mapping(value: object) -> dict[str, object]:
    if not isinstance(value, dict):
        raise TypeError("this is no part of an OpenAPI document")
    return value
