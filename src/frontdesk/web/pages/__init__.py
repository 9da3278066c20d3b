"""The pages that people look at."""

from frontdesk.web.pages.account import account_pages
from frontdesk.web.pages.account_tokens import token_pages
from frontdesk.web.pages.agency import agency_pages
from frontdesk.web.pages.agenda_changes import agenda_pages
from frontdesk.web.pages.booking_routes import booking_pages
from frontdesk.web.pages.booking_settings import booking_settings_pages
from frontdesk.web.pages.budgets import budget_pages
from frontdesk.web.pages.calendars import calendar_pages
from frontdesk.web.pages.campaigns import campaign_pages
from frontdesk.web.pages.console import pages_router
from frontdesk.web.pages.contact import contact_pages
from frontdesk.web.pages.inbox import inbox_pages
from frontdesk.web.pages.numbers import number_pages
from frontdesk.web.pages.operations import operation_pages
from frontdesk.web.pages.operations_audit import audit_pages
from frontdesk.web.pages.operations_decisions import decision_pages
from frontdesk.web.pages.palette import palette_pages
from frontdesk.web.pages.paying import pay_pages
from frontdesk.web.pages.payments import payment_pages
from frontdesk.web.pages.people import people_pages
from frontdesk.web.pages.people_refusals import refusal_pages
from frontdesk.web.pages.people_segments import segment_pages
from frontdesk.web.pages.reports import report_pages
from frontdesk.web.pages.settings import settings_pages

__all__ = [
    "account_pages",
    "agency_pages",
    "agenda_pages",
    "audit_pages",
    "booking_pages",
    "booking_settings_pages",
    "budget_pages",
    "calendar_pages",
    "campaign_pages",
    "contact_pages",
    "decision_pages",
    "inbox_pages",
    "number_pages",
    "operation_pages",
    "pages_router",
    "palette_pages",
    "pay_pages",
    "payment_pages",
    "people_pages",
    "refusal_pages",
    "report_pages",
    "segment_pages",
    "settings_pages",
    "token_pages",
]
