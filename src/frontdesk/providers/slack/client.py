"""Posting notices to a Slack channel; Slack answers in plain words, and takes one message a second."""

from __future__ import annotations

from frontdesk.ports.alerts import Notice, NoticeStatus
from frontdesk.providers.http import HttpClient
from frontdesk.providers.http.posting import post_json

MOST_ALERTS = 10
MOST_CHARACTERS = 2_900  # a section's text may have 3000
SIGNS = {"critical": ":rotating_light:", "warning": ":warning:", "info": ":information_source:"}


class SlackChannel:
    """A sink that is a channel's incoming webhook."""

    name = "slack"

    def __init__(self, url: str, http: HttpClient) -> None:
        self._url = url
        self._http = http

    async def tell(self, notice: Notice) -> None:
        """Post the notice as a message."""
        await post_json(self._http, self._url, slack_message(notice), provider=self.name)


def slack_message(notice: Notice) -> dict[str, object]:
    """Write the message: a line for notifications, and a block with what is wrong and where it says what to do."""
    sign = ":white_check_mark:" if notice.status is NoticeStatus.RESOLVED else SIGNS.get(notice.severity, "")
    lines = [f"{sign} *{escape(notice.title)}* — {notice.severity}" + (" (still)" if notice.repeats else "")]
    lines += [f"• {escape(one.summary)} ({one.status.value})" for one in notice.alerts[:MOST_ALERTS]]
    if len(notice.alerts) > MOST_ALERTS:
        lines.append(f"… and {len(notice.alerts) - MOST_ALERTS} more")
    lines.append(f"<{escape(notice.runbook_url)}|Runbook: {escape(notice.runbook)}> · owner: {escape(notice.owner)}")
    return {
        "text": escape(f"[{notice.severity}] {notice.title}"),
        "blocks": [
            {"type": "section", "text": {"type": "mrkdwn", "text": "\n".join(lines)[:MOST_CHARACTERS]}},
        ],
    }


def escape(text: str) -> str:
    """Take from a text what Slack would read as its own marks."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
