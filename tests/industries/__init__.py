"""Tests of: industries."""
