"""Where an agent can run: one port, an adapter for each platform."""
