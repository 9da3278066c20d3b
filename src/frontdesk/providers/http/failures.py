"""The two ways an HTTP exchange can fail: before anything left, or after something may have."""

from __future__ import annotations


class HttpFailure(Exception):
    """No whole reply came back; the message names the cause and never a header, a body or a credential."""


class NotSent(HttpFailure):
    """Not one byte of the request was written: the other side cannot have acted on it."""


class MaybeSent(HttpFailure):
    """The request was written, wholly or in part, and no whole reply came: the other side may have acted."""
