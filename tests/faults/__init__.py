"""Tests of: faults."""
