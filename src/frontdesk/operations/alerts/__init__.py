"""Alerts: what is wrong, since when and how bad; who is told, and when nobody is."""
