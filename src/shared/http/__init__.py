"""HTTP, once for all contexts."""
