"""Modules and industries as files."""
