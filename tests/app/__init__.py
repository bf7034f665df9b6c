"""Tests of: app."""
