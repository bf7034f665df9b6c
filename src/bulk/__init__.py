"""Owns bulk operations: one command for many organizations, and the outcome of each.

Each organization gets a command with an operation id of its own: some may be refused while others change, and resuming
after a crash has no second effect. Publishes and consumes no event: the commands' contexts do. Asks organizations which
of them a filter selects, and the write path to dry-run and send commands. Bookkeeping alone is written directly;
everything that changes an organization goes through its context's commands.
"""
