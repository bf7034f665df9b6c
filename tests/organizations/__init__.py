"""Tests of: organizations."""
