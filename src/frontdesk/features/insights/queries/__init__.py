"""All SQL of insights, by what it reads together."""
