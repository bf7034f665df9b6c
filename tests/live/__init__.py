"""Tests of: events as they happen, through real processes."""
