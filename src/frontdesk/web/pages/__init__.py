"""The pages that people look at."""

from frontdesk.web.pages.booking_routes import booking_pages
from frontdesk.web.pages.calendars import calendar_pages
from frontdesk.web.pages.campaigns import campaign_pages
from frontdesk.web.pages.console import pages_router
from frontdesk.web.pages.operations import operation_pages
from frontdesk.web.pages.paying import payment_pages
from frontdesk.web.pages.people import people_pages

__all__ = [
    "booking_pages",
    "calendar_pages",
    "campaign_pages",
    "operation_pages",
    "pages_router",
    "payment_pages",
    "people_pages",
]
