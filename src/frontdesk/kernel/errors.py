"""Typed refusals: the one way a part says that it cannot do what it was asked."""

from __future__ import annotations

from collections.abc import Mapping


class Refused(Exception):
    """A request that cannot be done as asked; rendered to people and programs as problem+json.

    `code` is stable and dotted (`area.what`), `message` names what is wrong and what to do, `status` is an
    HTTP status, `details` are extra members of the problem document (never secrets or message bodies).
    """

    def __init__(
        self, code: str, message: str, *, status: int = 400, details: Mapping[str, object] | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status
        self.details = dict(details or {})
