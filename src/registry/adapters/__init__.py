"""Adapters of registry."""
