"""All SQL of scheduling."""
