"""Drills: a throwaway installation is broken on purpose, and must be found out and repaired by the runbook alone."""

from frontdesk.operations.drills.breaking import all_breaks, get_break
from frontdesk.operations.drills.model import Act, DrillReport, News, Stage, StageTime
from frontdesk.operations.drills.performing import perform_drill
from frontdesk.operations.drills.queries import DrillResult, list_results, record_result

__all__ = [
    "Act",
    "DrillReport",
    "DrillResult",
    "News",
    "Stage",
    "StageTime",
    "all_breaks",
    "get_break",
    "list_results",
    "perform_drill",
    "record_result",
]
