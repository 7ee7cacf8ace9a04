"""What the verbs share: from words to a runtime, and from a plan to what is told."""
