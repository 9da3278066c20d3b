"""Everything that leaves: gates, send jobs, receipts, the kill switch."""

from frontdesk.features.delivery.courier import Courier
from frontdesk.features.delivery.jobs import Reconciler, SetDispatch
from frontdesk.features.delivery.model import (
    JobStatus,
    LeasedJob,
    MessageClass,
    Requested,
    StopProof,
    TextIntent,
)
from frontdesk.features.delivery.queries.switches import count_posting_to
from frontdesk.features.delivery.segments import to_gsm7_friendly
from frontdesk.features.delivery.service.receipts import park_receipt, take_receipt
from frontdesk.features.delivery.service.reconciling import free_what_it_held
from frontdesk.features.delivery.service.reports import JobReport, report_job
from frontdesk.features.delivery.service.sending import InlineLane, request_text
from frontdesk.features.delivery.service.switching import (
    Scope,
    list_paused,
    pause_sending,
    prove_stop,
    resume_sending,
)

__all__ = [
    "Courier",
    "InlineLane",
    "JobReport",
    "JobStatus",
    "LeasedJob",
    "MessageClass",
    "Reconciler",
    "Requested",
    "Scope",
    "SetDispatch",
    "StopProof",
    "TextIntent",
    "count_posting_to",
    "free_what_it_held",
    "list_paused",
    "park_receipt",
    "pause_sending",
    "prove_stop",
    "report_job",
    "request_text",
    "resume_sending",
    "take_receipt",
    "to_gsm7_friendly",
]
