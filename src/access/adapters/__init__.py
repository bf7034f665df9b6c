"""Adapters of access."""
