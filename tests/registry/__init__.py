"""Tests of: registry."""
