"""The verbs of our numbers, and of the brands they are registered for."""
