"""Tests of: reads."""
