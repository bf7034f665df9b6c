"""Tests of: devstack."""
