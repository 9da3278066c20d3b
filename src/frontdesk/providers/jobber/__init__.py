"""Jobber: visits as busy times over its GraphQL API, and the webhooks that tell of them."""

from frontdesk.providers.jobber.account import JobberApp
from frontdesk.providers.jobber.client import JobberCalendars
from frontdesk.providers.jobber.consent import JobberConsent
from frontdesk.providers.jobber.inbound import News, verify

__all__ = ["JobberApp", "JobberCalendars", "JobberConsent", "News", "verify"]
