"""Incidents: opened, told up the path of those on call, worked on, resolved, learnt from."""
