"""Bulk operations: one command for many organizations, and the outcome of each. Owns the schema `bulk`.

Each organization gets a command with an operation id of its own: some may be refused while others change, and resuming
after a crash has no second effect. Only bookkeeping is written directly.
"""
