"""Maintenance: windows of work, forgetting by hand, figures of the database and of the day."""
