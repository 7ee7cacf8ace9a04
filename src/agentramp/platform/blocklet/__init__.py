"""A Blocklet Server: components mounted into an application."""
