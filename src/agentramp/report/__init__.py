"""What happened, for people, for programs and for GitHub."""
