"""All SQL of consent, by what it is about."""
