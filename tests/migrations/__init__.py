"""Tests of: migrations."""
