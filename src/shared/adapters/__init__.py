"""Adapters of shared."""
