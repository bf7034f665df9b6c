"""Tests of: assignments."""
