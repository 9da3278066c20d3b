"""A pretended language model that answers as it is told to."""
