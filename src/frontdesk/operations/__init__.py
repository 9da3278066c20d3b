"""How the program is kept running: checks, alerts, runbooks that run, drills, backups."""
