"""Lists of any length, in pages."""
