"""What GitHub shows of a run: outputs, the job summary, annotations and a log that cannot act."""

from agentramp.report.github.output_file import outputs
from agentramp.report.github.page import failure_summary, summary

__all__ = ["failure_summary", "outputs", "summary"]
