"""Tells a Slack channel of alerts through an incoming webhook."""

from frontdesk.providers.slack.client import SlackChannel, slack_message

__all__ = ["SlackChannel", "slack_message"]
