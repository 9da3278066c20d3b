"""The command-line way in: the frontdesk program."""
