"""The HTTP way in: webhooks, API and console."""
