"""The pages that people look at."""

from frontdesk.web.pages.console import pages_router
from frontdesk.web.pages.people import people_pages

__all__ = ["pages_router", "people_pages"]
