"""All SQL of incidents."""
