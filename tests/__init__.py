"""Tests: sentences about the product, on the real parts."""
