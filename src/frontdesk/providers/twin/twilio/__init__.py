"""Twilio, pretended: its HTTP API, its numbers and texts and calls, its signed webhooks."""
