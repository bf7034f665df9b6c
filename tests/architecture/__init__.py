"""Tests of: architecture."""
