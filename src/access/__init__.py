"""Who may come in: users, sign-in, tokens, and the owners of organizations that are still being signed up.

Owns: users, pending owners, signing keys (schema `access`). The one context outside Kafka: it writes its tables
directly, so that no password, hash or key ever enters a command, an event, a log or an operation.
Publishes: nothing on Kafka; its facts, without secrets, go to the event log in the transaction that makes them true.
Consumes: nothing. Organizations ask it, through seams, whether an owner is pending, and to activate or discard one.
"""
