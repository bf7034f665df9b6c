"""Tests of: docs."""
