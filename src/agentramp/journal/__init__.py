"""Who holds a release and what was done to it: one append-only record per endpoint."""
