"""Cache-aside with generations, on Redis."""
