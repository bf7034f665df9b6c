"""Text that people type, in one form."""
