"""Adapters of industries."""
