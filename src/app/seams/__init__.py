"""The only place that names two contexts."""
