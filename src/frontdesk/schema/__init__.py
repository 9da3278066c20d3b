"""The database's shape: Alembic revisions of plain SQL, forward only."""
