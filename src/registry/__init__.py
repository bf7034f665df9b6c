"""Modules: their description, default config and whether they are active.

One aggregate is one module (key: module_id). A deleted one keeps its stream and can be registered again.
"""
