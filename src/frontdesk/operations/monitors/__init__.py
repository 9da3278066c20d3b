"""Monitors: they use the program as a customer does, and stop campaigns when it does not answer as it must."""
