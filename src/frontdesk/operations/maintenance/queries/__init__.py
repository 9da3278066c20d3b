"""What maintenance asks the database."""
