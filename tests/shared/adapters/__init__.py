"""Tests of: adapters."""
