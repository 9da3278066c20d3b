"""Pages whoever is on call through PagerDuty's Events API v2."""

from frontdesk.providers.pagerduty.client import PagerDuty, pagerduty_event

__all__ = ["PagerDuty", "pagerduty_event"]
