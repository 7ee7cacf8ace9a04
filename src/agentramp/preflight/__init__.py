"""Looked at before a deploy: the machine, the project, the account. Each look gives findings."""
