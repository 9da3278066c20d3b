"""The pages that people look at."""

from frontdesk.web.pages.console import pages_router

__all__ = ["pages_router"]
