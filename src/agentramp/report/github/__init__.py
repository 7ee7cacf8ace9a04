"""What GitHub shows of a run: outputs, the job summary, annotations and a log that cannot act."""
