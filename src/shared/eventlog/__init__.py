"""The event log, read back."""
