"""Adapters of bulk."""
