"""Owns which modules exist: their description, default config and whether they are active.

One aggregate is one module, keyed by `module_id`; a deleted one keeps its stream and can be registered again.
Publishes `tenant.module.registered`, `.updated`, `.activated`, `.deactivated` and `.deleted`.
Consumes no event. Asks who uses a module before it lets one be deleted.
"""
