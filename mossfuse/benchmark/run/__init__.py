"""Run one method on one pair in a process of its own, and record what happened."""
