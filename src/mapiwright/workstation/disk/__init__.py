"""Real files and folders: found without regard to case, and changed durably, one at a time."""
