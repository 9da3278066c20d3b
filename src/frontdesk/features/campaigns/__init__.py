"""Texts to many: audience, wordings, schedule, rehearsal, approval, results."""

from frontdesk.features.campaigns.jobs import watch_campaigns
from frontdesk.features.campaigns.model import Campaign, CampaignStatus, Schedule, ScheduleMode, Variant
from frontdesk.features.campaigns.queries.campaigns import find_owner
from frontdesk.features.campaigns.service.drafting import (
    Draft,
    approve_campaign,
    change_campaign,
    clone_campaign,
    create_campaign,
    get_campaign,
)
from frontdesk.features.campaigns.service.previewing import (
    PhonePreview,
    TextPreview,
    preview_phone,
    sample_people,
    time_for,
)
from frontdesk.features.campaigns.service.rehearsing import begin_rehearsal, get_rehearsal
from frontdesk.features.campaigns.service.results import Course, list_campaigns, list_people, read_course, sum_results
from frontdesk.features.campaigns.service.running import (
    cancel_campaign,
    pause_campaign,
    resume_campaign,
    start_campaign,
)

__all__ = [
    "Campaign",
    "CampaignStatus",
    "Course",
    "Draft",
    "PhonePreview",
    "Schedule",
    "ScheduleMode",
    "TextPreview",
    "Variant",
    "approve_campaign",
    "begin_rehearsal",
    "cancel_campaign",
    "change_campaign",
    "clone_campaign",
    "create_campaign",
    "find_owner",
    "get_campaign",
    "get_rehearsal",
    "list_campaigns",
    "list_people",
    "pause_campaign",
    "preview_phone",
    "read_course",
    "resume_campaign",
    "sample_people",
    "start_campaign",
    "sum_results",
    "time_for",
    "watch_campaigns",
]
