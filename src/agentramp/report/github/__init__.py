"""What GitHub shows of a run: outputs, the job summary, annotations and a log that cannot act."""

from agentramp.report.github.output_file import outputs

__all__ = ["outputs"]
