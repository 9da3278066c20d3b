"""Stripe in the twin: pay pages that a person can click, refunds, plans, events and signed webhooks."""
