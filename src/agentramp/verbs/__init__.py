"""A module per verb: its arguments, and a run that goes config, observe, plan, execute, report."""
