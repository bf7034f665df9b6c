"""Owns bulk operations: one command for many organizations, and what became of each.

Each organization is asked on its own, by a command with an operation id of its own: some may be refused while others
change, and whoever resumes the work after a crash causes no second effect. Publishes and consumes no event: the
commands' contexts do. Asks organizations which of them a filter selects, and the write path to try and send commands.
Bookkeeping alone is written directly; everything that changes an organization goes through its context's commands.
"""
