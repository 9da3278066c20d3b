"""The pages that people look at."""

from frontdesk.web.pages.campaigns import campaign_pages
from frontdesk.web.pages.console import pages_router
from frontdesk.web.pages.operations import operation_pages
from frontdesk.web.pages.people import people_pages

__all__ = ["campaign_pages", "operation_pages", "pages_router", "people_pages"]
