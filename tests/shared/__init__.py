"""Tests of: shared."""
