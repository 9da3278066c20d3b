"""Backups: the second copy of the log, base backups and dumps, sealed; restores that are proven; the fence."""
