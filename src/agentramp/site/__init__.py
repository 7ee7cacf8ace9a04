"""A documentation site: bought, set up and written to."""
