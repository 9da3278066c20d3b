"""The verbs of insights: the timeline, figures and reports, and the compliance pack with its check."""

from frontdesk.features.insights.service.making_up import make_up_history
from frontdesk.features.insights.service.packing import Pack, has_records_of, write_pack
from frontdesk.features.insights.service.reporting import (
    EDGES,
    DayFigures,
    Glance,
    Period,
    Promise,
    choose_period,
    foresee_cents,
    get_funnel,
    keep_days,
    list_agents,
    list_campaigns,
    list_costs,
    list_days,
    list_hours,
    list_waits,
    start_of,
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
    "choose_period",
    "find_changed_entries",
    "find_voicemail",
    "foresee_cents",
    "get_funnel",
    "has_records_of",
    "keep_days",
    "list_agents",
    "list_campaigns",
    "list_costs",
    "list_days",
    "list_hours",
    "list_timeline",
    "list_waits",
    "make_up_history",
    "report_call",
    "sentences",
    "start_of",
    "summarise_changes",
    "tabulate",
    "take_glance",
    "verify",
    "write_csv",
    "write_pack",
]
