"""Tests of: access."""
