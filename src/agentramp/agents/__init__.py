"""Agents as somebody at a keyboard or a pipeline talks with them, whatever engine runs them."""
