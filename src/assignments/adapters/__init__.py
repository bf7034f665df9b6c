"""Adapters of assignments."""
