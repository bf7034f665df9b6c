"""HTTP for all contexts: authentication, strict requests, problems, limits, metrics."""
