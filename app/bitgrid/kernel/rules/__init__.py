"""kernel/rules."""
