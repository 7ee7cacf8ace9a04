"""Whether a canary is worse than the stable version: windows of counts in, a verdict out. Pure."""
