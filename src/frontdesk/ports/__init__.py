"""What we need from the outside world, in our own words."""

from frontdesk.ports.errors import FailureClass, ProviderError
from frontdesk.ports.messaging import (
    RECEIPTS_OF_FAILURE,
    Accepted,
    InboundText,
    Media,
    MessagingProvider,
    OptOutHint,
    OutboundText,
    ReceiptStatus,
    SentText,
    SentTextQuery,
    TextReceipt,
)
from frontdesk.ports.voice import (
    CallPlacer,
    CallStatus,
    CallUpdate,
    DialEnded,
    InboundCall,
    RecordingReady,
    RingBusiness,
    SayAndHangUp,
    TakeVoicemail,
    VoiceAnswer,
)

__all__ = [
    "RECEIPTS_OF_FAILURE",
    "Accepted",
    "CallPlacer",
    "CallStatus",
    "CallUpdate",
    "DialEnded",
    "FailureClass",
    "InboundCall",
    "InboundText",
    "Media",
    "MessagingProvider",
    "OptOutHint",
    "OutboundText",
    "ProviderError",
    "ReceiptStatus",
    "RecordingReady",
    "RingBusiness",
    "SayAndHangUp",
    "SentText",
    "SentTextQuery",
    "TakeVoicemail",
    "TextReceipt",
    "VoiceAnswer",
]
