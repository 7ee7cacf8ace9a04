"""Where per-version counts come from: one port, an adapter for each source."""
