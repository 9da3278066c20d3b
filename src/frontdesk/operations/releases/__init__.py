"""Releases: which versions of the program run, and whether the database has the shape that they expect."""
