"""Adapters of organizations."""
