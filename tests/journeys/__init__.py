"""Tests of: journeys."""
