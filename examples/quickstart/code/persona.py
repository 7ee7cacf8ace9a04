"""Who this agent is. Change VERSION, deploy again, and every answer shows it."""

VERSION = "1"
NAME = "quickstart"
GREETING = f"Hello from {NAME} version {VERSION}."
