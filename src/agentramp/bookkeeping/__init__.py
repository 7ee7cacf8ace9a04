"""What is written down where people look, beside the release itself: never a reason to fail one."""
