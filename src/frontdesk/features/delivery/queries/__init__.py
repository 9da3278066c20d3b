"""All SQL of delivery, by what it serves."""
