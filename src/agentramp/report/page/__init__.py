"""A journal as one page that needs nothing else: no script, no font, no network."""

from agentramp.report.page.document import page

__all__ = ["page"]
