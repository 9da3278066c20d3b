"""All SQL of text-back and its dialogue."""
