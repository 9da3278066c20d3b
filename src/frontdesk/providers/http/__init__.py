"""A lean HTTP/1.1 client that never retries and always says whether a request may have left."""

from frontdesk.providers.http.client import MAX_RESPONSE_BYTES, HttpClient
from frontdesk.providers.http.failures import HttpFailure, MaybeSent, NotSent
from frontdesk.providers.http.message import HttpResponse, Origin, RequestStarted
from frontdesk.providers.http.pool import Dial
from frontdesk.providers.http.retry_after import parse_retry_after

__all__ = [
    "MAX_RESPONSE_BYTES",
    "Dial",
    "HttpClient",
    "HttpFailure",
    "HttpResponse",
    "MaybeSent",
    "NotSent",
    "Origin",
    "RequestStarted",
    "parse_retry_after",
]
