"""A whole release on this machine, with traffic flowing: ``python -m demo``."""
