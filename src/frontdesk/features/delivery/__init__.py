"""Everything that leaves: gates, send jobs, receipts, the kill switch."""

from frontdesk.features.delivery.courier import Courier
from frontdesk.features.delivery.gates import Facts
from frontdesk.features.delivery.jobs import MarketingDispatch, Reconciler, SetDispatch
from frontdesk.features.delivery.model import (
    BulkIntent,
    JobStatus,
    LeasedJob,
    MessageClass,
    Requested,
    StopProof,
    TextIntent,
)
from frontdesk.features.delivery.queries.budgets import Budget
from frontdesk.features.delivery.queries.bulk import drop_queued
from frontdesk.features.delivery.queries.figures import read_figure
from frontdesk.features.delivery.queries.gate_facts import lock_person
from frontdesk.features.delivery.queries.reports import Attempt, SendJob, StoredDecision
from frontdesk.features.delivery.queries.restored import drop_waiting
from frontdesk.features.delivery.queries.strangers import forget_provoked
from frontdesk.features.delivery.queries.streams import close_stream, open_stream
from frontdesk.features.delivery.queries.switches import count_posting_to
from frontdesk.features.delivery.segments import Segments, beyond_gsm7, room_for, to_gsm7_friendly
from frontdesk.features.delivery.segments import count as count_segments
from frontdesk.features.delivery.service.budgeting import correct_spent, get_budget, price_segments
from frontdesk.features.delivery.service.bulk import request_many
from frontdesk.features.delivery.service.deciding import replays
from frontdesk.features.delivery.service.previewing import Preview, next_lawful_moment, preview_many
from frontdesk.features.delivery.service.receipts import ReceiptNews, take_in_receipts, take_receipt
from frontdesk.features.delivery.service.reconciling import free_what_it_held
from frontdesk.features.delivery.service.reports import JobReport, report_job
from frontdesk.features.delivery.service.sending import InlineLane, request_text
from frontdesk.features.delivery.service.steering import provider_weights, steer
from frontdesk.features.delivery.service.switching import (
    Scope,
    list_paused,
    pause_sending,
    prove_stop,
    resume_sending,
)
from frontdesk.features.delivery.words import (
    Finding,
    Severity,
    check_words,
    clean_value,
    fill_words,
    has_link,
    part_at_opt_out,
    tags_of,
)

__all__ = [
    "Attempt",
    "Budget",
    "BulkIntent",
    "Courier",
    "Facts",
    "Finding",
    "InlineLane",
    "JobReport",
    "JobStatus",
    "LeasedJob",
    "MarketingDispatch",
    "MessageClass",
    "Preview",
    "ReceiptNews",
    "Reconciler",
    "Requested",
    "Scope",
    "Segments",
    "SendJob",
    "SetDispatch",
    "Severity",
    "StopProof",
    "StoredDecision",
    "TextIntent",
    "beyond_gsm7",
    "check_words",
    "clean_value",
    "close_stream",
    "correct_spent",
    "count_posting_to",
    "count_segments",
    "drop_queued",
    "drop_waiting",
    "fill_words",
    "forget_provoked",
    "free_what_it_held",
    "get_budget",
    "has_link",
    "list_paused",
    "lock_person",
    "next_lawful_moment",
    "open_stream",
    "part_at_opt_out",
    "pause_sending",
    "preview_many",
    "price_segments",
    "prove_stop",
    "provider_weights",
    "read_figure",
    "replays",
    "report_job",
    "request_many",
    "request_text",
    "resume_sending",
    "room_for",
    "steer",
    "tags_of",
    "take_in_receipts",
    "take_receipt",
    "to_gsm7_friendly",
]
