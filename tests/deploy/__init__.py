"""Tests of: deploy."""
