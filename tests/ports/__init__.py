"""Tests of: ports."""
