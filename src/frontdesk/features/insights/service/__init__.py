"""The verbs of insights: the timeline, figures and reports, and the compliance pack with its check."""

from frontdesk.features.insights.service.adding_up import EDGES, Period, Total, start_of
from frontdesk.features.insights.service.making_up import make_up_history
from frontdesk.features.insights.service.packing import Pack, has_records_of, write_pack
from frontdesk.features.insights.service.reporting import (
    DayFigures,
    Glance,
    Promise,
    Summed,
    choose_period,
    count_directly,
    foresee_cents,
    keep_days,
    list_campaigns,
    list_costs,
    list_days,
    sum_up,
    take_glance,
)
from frontdesk.features.insights.service.tabling import ReportName, Sheet, tabulate, write_csv
from frontdesk.features.insights.service.timeline import (
    find_changed_entries,
    find_voicemail,
    list_timeline,
    report_call,
    summarise_changes,
)
from frontdesk.features.insights.service.verifying import Report, sentences, verify

__all__ = [
    "EDGES",
    "DayFigures",
    "Glance",
    "Pack",
    "Period",
    "Promise",
    "Report",
    "ReportName",
    "Sheet",
    "Summed",
    "Total",
    "choose_period",
    "count_directly",
    "find_changed_entries",
    "find_voicemail",
    "foresee_cents",
    "has_records_of",
    "keep_days",
    "list_campaigns",
    "list_costs",
    "list_days",
    "list_timeline",
    "make_up_history",
    "report_call",
    "sentences",
    "start_of",
    "sum_up",
    "summarise_changes",
    "tabulate",
    "take_glance",
    "verify",
    "write_csv",
    "write_pack",
]
